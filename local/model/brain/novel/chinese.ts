import type { Person } from "../material.ts";
import { chapters, dialogues, facts } from "./chinese-stock.ts";
import type { Voice } from "./voice.ts";

export const chinese: Voice = {
  chapters,
  facts,
  dialogues,
  cast: [
    { name: "沈知远", role: "测绘员", trait: "沉得住气", goal: "把没有人走过的地方画下来" },
    { name: "陆明霞", role: "工程师", trait: "说话直来直去", goal: "让空气一直流动" },
    { name: "高一舟", role: "医生", trait: "什么都看在眼里", goal: "今年一个人也不少" },
    { name: "许星阑", role: "驾驶员", trait: "闲不下来", goal: "再从轨道上看一次日出" },
  ],
  title: (subject) => subject,
  heading: (number, title) => `## 第${"一二三四五六七八九十".charAt(number - 1)}章 ${title}`,
  introduce,
  note: "*以下文字由规则根据工具提供的事实和人物拼成，不是语言模型写的。*",
  ending: "全文完。拼成这些文字的是一台本地服务器的规则，它不是语言模型。",
};

/** 只说人物档案里有的，一条一句。 */
function introduce(person: Person): string {
  const { name, role, age, origin, trait, goal, fear, secret, skill, voice, relationship } = person;
  const sentences = [
    `${name}是这里的${role ?? "主心骨"}${age ? `，${age}岁` : ""}${origin ? `，来自${plain(origin)}` : ""}。`,
    trait && `和${name}共过事的人，先想到的总是同一个词：${plain(trait)}。`,
    skill && `方圆一天的路程之内，有一件事没有人比${name}做得更好：${plain(skill)}。`,
    goal && `问${name}这一切图的是什么，回答从来没有变过：${plain(goal)}。`,
    fear && `底下也藏着一种很少说出口的害怕：${plain(fear)}。`,
    secret && `还有一件事，${name}没有告诉过任何人：${plain(secret)}。`,
    voice && `频道里一开口，大家就知道是${name}，因为那种说话的样子：${plain(voice)}。`,
    relationship && `至于别人，${name}走进哪个房间都带着一段旧事：${plain(relationship)}。`,
  ];
  return sentences.filter((sentence) => sentence).join("");
}

function plain(text: string): string {
  return text.trim().replace(/[.。]+$/, "");
}
