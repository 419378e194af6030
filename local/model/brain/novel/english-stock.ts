import type { ChapterStock } from "./voice.ts";

export const chapters: readonly ChapterStock[] = [
  {
    titles: ["Arrival", "The Long Approach", "First Light"],
    openings: [
      "Before there was anything to arrive at, there was the waiting. {A} had counted the days by the scratches on a locker door, and on the last of them the whole crew stood at one window without having agreed to. Everything that anyone had ever said about {subject} was out there in the dark, and none of it had prepared them for how quiet it would be.",
      "The first thing {A} noticed was that nobody was talking. For months the ship had been full of small noises, of pumps and arguments and somebody's bad singing, and now, with {subject} filling half the sky of their thoughts, even the fans seemed to hold their breath.",
    ],
    beats: [
      "{B} had the checklist, all nine pages of it, and read it aloud in a voice that gave nothing away. Seals, pressure, heat, and then seals again. Halfway down the fourth page {C} began to answer before the question was finished, and from there on it was less a list than a song that two people happened to know.",
      "They came down in the grey hour. The floor shook, then shook differently, and then a silence arrived that was not like the silence of the voyage at all, because it had weight in it. {D} laughed first. It was not a happy sound, or an unhappy one; it was the sound of a body learning that it was going to be asked to stand up.",
      "Outside, the ground took their boots and kept the marks. {A} walked eleven steps, stopped, and looked back at them, thinking that somebody a hundred years from now might put a rope around those eleven steps and charge admission. Then {B} called over the radio that a valve was freezing, and the future had to wait for a wrench.",
      "That night they ate together in the one room that was warm. {C} had saved a tin of peaches since the beginning, for no occasion in particular, and opened it without a word. Each of them got a slice and a half. {D} said afterwards that whole empires had been founded on less, and nobody could think of a counterexample.",
      "When the lights were turned low, {A} lay awake and listened to the walls. They ticked as they cooled. Somewhere below, water moved through a pipe for the first time, hesitated, and went on, and it seemed to {A} that of everything done that day this was the thing that had really begun it.",
    ],
    closings: [
      "In the morning there would be work enough for ten times their number. But it was something to have a morning.",
      "They slept badly, all of them, and not one would have traded that night for a better one.",
    ],
  },
  {
    titles: ["The Work", "What the Hands Know", "Ordinary Days"],
    openings: [
      "Nobody writes songs about the second month. By then the flag is just a thing that has to be straightened, and the view is what lies between one task and the next. {B} kept the roster on a sheet of real paper, because screens could be argued with, and every name on it was written in pencil.",
      "There is a kind of tiredness that has pride in it, and in those weeks {B} came to know it well. The days ran together. What held them apart were the breakages: the day of the pump, the day of the second pump, the day that the door would not believe it was closed.",
    ],
    beats: [
      "{C} rebuilt the compressor twice, the second time from drawings made of the first mistake. It ran with a small hiccup that nobody could find, and after a fortnight they stopped looking, since a machine that complains regularly is at least awake. {D} named it after an uncle.",
      "Letters came in bursts, a week of them at once. {A} read them in the order they were sent, one a day, so that home would go on happening at its proper speed. {B} read the whole bundle in an hour and was silent until supper. Neither told the other that this was strange, for in that place everyone was allowed one thing.",
      "They planted the beans in the corner where the light was kindest. Everyone had an opinion about beans. When the first leaf came up, bent over like someone looking for a dropped coin, four grown people who had crossed an unthinkable distance stood around it in their socks and did not dare to breathe on it.",
      "It was {D} who found that the east wall sang. When the temperature fell fast enough the panels rubbed along one edge, and a low note went through the whole building, so steady that one could have tuned an instrument by it. {A} wrote it down as a defect. The column for the remedy got three words: none, leave it.",
      "Toward the end of that season {C} stopped asking for permission and began to leave notes instead. Took the rover. Back by six. Fixed the thing. The notes were stuck on the inner door with tape, and {B}, who had argued for rules harder than anyone, collected them in a drawer and was never able to say why.",
    ],
    closings: [
      "On the ninetieth day the roster came down, and nobody put up another. They had become, without a vote, a place where people knew what to do.",
      "{subject} was no longer a destination by then. It was the address on their mail.",
    ],
  },
  {
    titles: ["What Lay Beneath", "The Reading", "A Line on the Screen"],
    openings: [
      "The number was wrong by a tenth, which is to say by almost nothing, and {C} nearly let it go. It was late. But a tenth is a tenth, and so the core sample went back on the bench, and the lamp was pulled down close, and after that no one on the station went to bed when they had meant to.",
      "Discoveries are supposed to announce themselves. This one sat for eleven days in a column of figures, between two columns that were perfectly dull, until {C} ran a thumb down the page for quite another reason and the thumb stopped.",
    ],
    beats: [
      "They measured it again, of course. {A} did the first repeat and {D} the second, each without seeing the other's result, and then they laid the two slips of paper side by side on the table among the breakfast things. The same tenth. {B} asked whether the instrument could be tired, and was told, gently, that instruments do not get tired in the same direction every time.",
      "So there was something under the plain. It was neither large nor moving, and it had been there longer than there had been anyone to wonder about it. {D} drew a circle on the map with the side of the pencil, very lightly, in the manner of someone who expects to be asked to rub it out. Nobody asked.",
      "The argument that followed took three evenings. {B} wanted to send the figures home and wait for an answer; {C} wanted to dig. {A} said that both of them were describing the same fear from opposite ends. It was the truest thing anybody said that week, and it annoyed everyone equally.",
      "In the end they went out at dawn with the small drill and the good rope. The plain had never looked so much like a floor. {C} walked ahead, prodding, while {D} paid out the line and kept up a running commentary about a cousin who had once fallen down a well and come up with a wedding ring, though not his own.",
      "At four metres the drill changed its note. At five it stopped. What came up in the tube was clear at one end and dark at the other, and for a long while the only sound on the channel was four people breathing out of step. Then {A} said, in an ordinary voice, that somebody should write down the time.",
    ],
    closings: [
      "They wrote down the time. It is still there in the log, in {A}'s square handwriting, with a small tear in the paper where the pen went through.",
      "That evening the beans were not watered. It was the only day they were ever forgotten.",
    ],
  },
  {
    titles: ["The Failure", "Red Lamps", "Nine Hours"],
    openings: [
      "It began with a lamp, and the lamp was telling the truth. {D} tapped it all the same, as people have tapped lamps since there were lamps, and it stayed red. Then the one beside it turned, and the next, in a row, like a line of people hearing bad news.",
      "Afterwards each of them remembered a different first sign. For {D} it was the smell; for {B}, the absence of the hiccup in the compressor; for {A}, waking up and not knowing why. The log has only a time and a word, and the word is misspelled.",
    ],
    beats: [
      "The main line had split behind the third panel, in the one place that could not be reached without taking down the wall. {B} was already taking down the wall. There was no shouting. Long ago they had agreed that whoever shouted would wash up for a month, and in those first minutes that silly rule did more for them than any of the manuals.",
      "{C} made the calculation on the back of a glove, with a grease pencil. So much air, so many people, so many hours: nine if they sat still, six if they worked. Nobody proposed to sit still. {A} wiped the figure off with a thumb, since a number like that is only useful once.",
      "They closed the doors one after the other, and each door took a piece of their lives with it: the bench, the letters, the beans. {D} was the last one through the fourth, carrying under one arm an object that turned out, when there was light to see it, to be the drawer with the notes in it.",
      "By the fifth hour their hands had grown stupid with cold. {A} talked, because someone had to, and the talk was of {subject}, the whole improbable story from its beginning, as if to a child; and {B}, upside down inside the wall, corrected the dates. When the weld finally held, it was in the middle of a sentence about breakfast.",
      "Not everything held. {C} had gone back for the second tank and been a minute too long about it, and when they got the helmet off there was frost on the inside of the glass. It was hours before the eyes opened. The first words, when they came, were a complaint about the lamp, and {D} went out into the corridor and sat down on the floor and did not come back for some time.",
    ],
    closings: [
      "The lamps went green toward morning, one by one, in the order in which they had gone red.",
      "They had lost two rooms, a season's harvest, and the habit of believing that the next day was owed to them. Against that they had all four names still on the roster.",
    ],
  },
  {
    titles: ["The Question", "Stay or Go", "A Show of Hands"],
    openings: [
      "The message from home was kind, which made it worse. A ship could be sent, it said. There would be no shame in it. {A} read it out at the table and laid it down among the cups, and for a time everybody was very interested in the cups.",
      "Some questions wait until people are strong enough to be asked. This one waited nineteen days after the accident, and then it was simply there at breakfast, as though it had been given a chair.",
    ],
    beats: [
      "{B} spoke for leaving. It was out of character, and everyone knew it, and the reasons were laid out the way tools are laid out: the line could split again, the spares were half gone, and luck was not a system. Then {B} looked at each of them in turn, and plainly hoped to be answered.",
      "{D} said nothing until evening, and then talked for an hour. It was about the plain, mostly. It was about having come from a place where everything already had a name, and about what it did to a person to be the first to call a hill a hill. Nobody could have said whether this was an argument. It was not forgotten, though.",
      "What {C} wanted, it turned out, was to finish the hole. There was something down there at five metres that had waited longer than any of their countries, and it seemed rude, said {C}, still hoarse, to knock and then run away. It was the first joke since the accident. It was not a very good one, and they laughed until they had to hold on to the table.",
      "{A} went out alone that night, as far as the rope would go. From there the windows of the station were a handful of yellow seeds. To imagine it dark, with the door frozen open and dust on the pencil roster, turned out to be quite easy; and that settled something, although not in the direction one would have expected.",
      "In the morning they voted, with beans from the last jar, a white one for staying and a black one for home. {B} counted them twice, put the beans back into the jar without telling the number, screwed on the lid, and said that if that was how things stood, somebody would have to hold the other end of the ladder.",
    ],
    closings: [
      "The answer that they sent home was four words long. It had taken them a whole day, and they were proud of every one of the words.",
      "Nobody ever learned whose the one black bean had been, though each of them, in later years, claimed it.",
    ],
  },
  {
    titles: ["Aftermath", "The Names of Hills", "What They Left Standing"],
    openings: [
      "The second ship came down in a clear dawn, and this time there was somebody to meet it. {D} stood at the edge of the pad in a suit more patch than suit, holding a lamp that was not needed, because nobody ought to arrive in the dark, and because it was the old lamp, the first one, and it was green.",
      "Years are short in the telling. The wall was mended, then doubled; the beans came back; children were born who thought of the singing panels as the sound that evenings make. And on a certain day it came to {A} that nobody had used the word arrival for a long time.",
    ],
    beats: [
      "They took the newcomers around by the long way. Here was the drawer. Here was the glove, under glass, with its ghost of a number. {B} told the story of the nine hours as though it had happened to other people, more careless ones, and only when a young man asked about fear did the story stop, for a moment, and then go on: not until later, and then every day.",
      "The hole on the plain had become a shaft, with a proper stair. {C} went down it more slowly now. At the bottom, where the drill had changed its note, there was a lit room the size of a chapel, and in it the clear thing and the dark thing, side by side as they had always been, and a visitors' book. {C} signed it each time, like any guest.",
      "Of the old quarrels only one survived, which was about the hiccup in the compressor. {D} held that it had been a loose ring. {C} held that it had been the machine's own way of counting. When it was finally taken out of service they opened it up together, with some ceremony, and inside they found nothing wrong at all.",
      "{A} was asked to name the hills. It had been put off for years, for a name is a kind of fence. In the end {A} walked out with a notebook and gave them the names from the first roster, all of the names, in pencil; and beside the last and smallest of them, a rise that one could cross without breathing hard, stands the word peaches.",
      "One evening the four of them sat once more in the warm room, which was a museum by then and closed at five. The keeper let them stay. The wall cooled and found its note. {B} said that it had gone flat over the years, and {D} said that it was they who had gone sharp, and after that there was no need for anybody to say anything.",
    ],
    closings: [
      "Outside, in the light of a sky that had never been asked its opinion, eleven steps went out from the old door and stopped. There was a rope around them. Admission was free.",
      "And if you go there, to {subject}, and stand very still when the temperature falls, you can hear it yet: one low note, held for as long as anyone cares to listen.",
    ],
  },
];

export const facts: readonly string[] = [
  "“Here is what we know,” said {A}, and read it from the slate: “{fact}”",
  "{B} had pinned a card above the bench, in capitals, and everybody had long since learned it by heart: “{fact}”",
  "“{fact}” {C} liked to begin with something that could not be argued with.",
  "A child on the evening link had asked for one true thing about where they were, and {D} answered: “{fact}”",
  "It stood on the first page of the handbook, where nobody could miss it. “{fact}” {A} had underlined it twice.",
  "“Say it once more,” {B} asked, and {C} said it once more, patiently: “{fact}”",
  "There are figures that one reads and figures that one lives in. This was of the second kind: “{fact}”",
  "{D} recited it under the breath, the way others count sheep: “{fact}”",
  "The old survey had been exact about it. “{fact}” In the margin somebody had written: and it feels like it.",
  "“You wanted a reason,” said {A}. “{fact} That is the reason.”",
  "Over the door of the instrument room hung a line that {C} had burned into a strip of packing wood: “{fact}”",
  "When tempers were short, {B} would put down whatever was in hand and say: “{fact}” It was hard to stay angry with a measurement.",
  "“{fact}” It was the kind of sentence that sounds like nothing until one has to carry water through it.",
  "In the log for that week {D} copied out a single line, without comment: “{fact}”",
];

export const dialogues: readonly string[] = [
  "“Do you ever think about going back?” asked {A}. {B} considered the question with the care that is due to threads and bearings. “I think about it the way I think about being seven. Fondly. And it isn't there.”",
  "“You're humming,” said {C}. “It's the wall,” said {D}. They listened. It was not the wall. “Well,” said {D} after a while, “it started with the wall.”",
  "“What will they call us, do you suppose?” said {D}. “The first ones,” said {A}. “The ones who forgot to bring a second can opener,” said {B}, and went to look for the pliers.",
  "“Tell me something that isn't work,” said {B}. {C} thought about it for so long that the kettle boiled. “I don't believe I can swim any more,” said {C}. “I keep forgetting to be afraid of it.”",
  "“If it goes wrong,” {A} began. “Then it will go wrong with all of us holding it,” said {D}, and handed over the other end of the beam.",
  "“Is it beautiful out there?” the voice from home had asked. {C} looked at the plain, at the tracks, at the bag of rubbish waiting to be sorted. “It's ours to sweep,” {C} said at last, and found that this was what had been meant.",
  "“You've changed your mind,” said {B}. “No,” said {A}. “I have finally got to the end of it. It was the same mind all along.”",
  "“Write that down,” said {D}. “It's only a number.” “So is a birthday,” said {D}, and held out the pencil.",
];
