/** The names that the real host's server writes in its own letter case, whatever the function wrote. */
const cased = [
  "Accept-Ranges",
  "Access-Control-Allow-Credentials",
  "Access-Control-Allow-Headers",
  "Access-Control-Allow-Methods",
  "Access-Control-Allow-Origin",
  "Access-Control-Expose-Headers",
  "Access-Control-Max-Age",
  "Age",
  "Allow",
  "Alt-Svc",
  "Cache-Control",
  "Content-Encoding",
  "Content-Language",
  "Content-Length",
  "Content-Location",
  "Content-MD5",
  "Content-Range",
  "Content-Type",
  "ETag",
  "Expires",
  "Last-Modified",
  "Location",
  "Pragma",
  "Proxy-Authenticate",
  "Retry-After",
  "Set-Cookie",
  "Trailer",
  "Vary",
  "Via",
  "Warning",
  "WWW-Authenticate",
];

const byLowerCase = new Map(cased.map((name) => [name.toLowerCase(), name]));

/** The name of a response header as clients of the real host see it. */
export function headerName(name: string): string {
  return byLowerCase.get(name.toLowerCase()) ?? name;
}
