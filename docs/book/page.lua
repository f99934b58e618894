-- SPDX-License-Identifier: BSD-2-Clause
-- Pandoc filter of the book's pages: what is a link between Markdown files becomes one between pages.
--
-- Its words come by the environment: BOOK_FILE, the page's Markdown; BOOK_OUT, its page; BOOK_PAGES, a file of "MARKDOWN PAGE" lines;
-- BOOK_COPIES, a file that gets the names of what a page links to and is no page itself; BOOK_MADE, of "NAME<tab>COMMAND" lines, the pages made by
-- commands. All names are relative to the tree, and to the place of the pages, which is built like it.

local file, out = os.getenv("BOOK_FILE"), os.getenv("BOOK_OUT")
local pages, made = {}, {}
for line in io.lines(os.getenv("BOOK_PAGES")) do
	local from, to = line:match("^(%S+) (%S+)$")
	pages[from] = to
end
for line in io.lines(os.getenv("BOOK_MADE")) do
	local name, command = line:match("^([^\t]*)\t(.*)$")
	made[command] = name
end

local function folder(path)
	return path:match("^(.*)/[^/]*$") or ""
end
-- "a/b" and "../c" are "a/c".
local function resolved(base, path)
	local parts = {}
	for part in (base .. "/" .. path):gmatch("[^/]+") do
		if part == ".." then
			table.remove(parts)
		elseif part ~= "." then
			parts[#parts + 1] = part
		end
	end
	return table.concat(parts, "/")
end
local function relative(target)
	local up = folder(out)
	local steps = ""
	while up ~= "" and target:sub(1, #up + 1) ~= up .. "/" do
		up, steps = folder(up), steps .. "../"
	end
	return steps .. (up == "" and target or target:sub(#up + 2))
end
local function copied(path)
	local copies = io.open(os.getenv("BOOK_COPIES"), "a")
	copies:write(path, "\n")
	copies:close()
end
local function read(path)
	local f = io.open(path)
	local text = f and f:read("a")
	if f then f:close() end
	return text
end

function Link(link)
	local target = link.target
	if target:match("^%a[%w+.-]*:") or target:match("^#") then
		return nil
	end
	local path, anchor = target:match("^([^#]*)(#?.*)$")
	path = resolved(folder(file), path)
	if pages[path] then
		link.target = relative(pages[path]) .. anchor
	elseif read(path) then
		copied(path)
		link.target = relative(path .. ".txt") -- as text, which any browser shows
	else
		return link.content -- a folder: nothing that a page could show
	end
	return link
end

function Image(image)
	local path = resolved(folder(file), image.src)
	if path:match("%.svg$") then
		return pandoc.RawInline("html", read(path))
	end
	copied(path)
	image.src = relative(path)
	return image
end

-- Comments are for those who write the pages.
local function no_comment(raw)
	if raw.format == "html" and raw.text:match("^%s*<!%-%-") then
		return {}
	end
end
RawBlock, RawInline = no_comment, no_comment

-- How a figure is measured stands small below it.
function Para(para)
	if pandoc.utils.stringify(para):match("^Measured by ") then
		return pandoc.Div({ para }, pandoc.Attr("", { "how" }))
	end
end

-- Wide tables scroll in a box of their own, not the page.
function Table(table)
	return pandoc.Div({ table }, pandoc.Attr("", { "scroll" }))
end

-- Behind a command that makes a page stands the page that it made.
function CodeBlock(block)
	local links = {}
	for line in block.text:gmatch("[^\n]+") do
		local name = made[(line:gsub("%s+#.*$", ""))]
		if name then
			links[#links + 1] = pandoc.Link("the page that this makes, all steps of it", relative("made/" .. name))
		end
	end
	if #links == 0 then
		return nil
	end
	local blocks = { block }
	for _, link in ipairs(links) do
		blocks[#blocks + 1] = pandoc.Div({ pandoc.Plain({ link }) }, pandoc.Attr("", { "made" }))
	end
	return blocks
end
