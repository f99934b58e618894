# Comments as Doxygen wants them: the file's own, those that begin a line, and those at a line's end. It is to see neither a link
# in #PF nor a tag in <file>; in a page (.md), there is nothing else to change.
1 { /SPDX/d }
2s!^/\*\( \|$\)!/** @file\n\1!
s!^\([[:space:]]*\)/\*\( \|$\)!\1/**\2!
s!\([^[:space:]]\)\([[:space:]]\{1,\}\)/\* \(.*\) \*/$!\1\2/**< \3 */!
s!#\([A-Z][A-Z]\)!\\#\1!g
\!^[[:space:]]*/\{0,1\}\*\|/\*\*<!s!\([^*]\)<\([a-z/]\)!\1\\<\2!g
