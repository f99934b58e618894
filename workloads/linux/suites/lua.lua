-- Trees that become garbage, and strings in a table that grows and shrinks.
local deepest = ({ short = 5, quick = 8, full = 14 })[arg[1]]
local function tree(depth) return depth == 0 and {} or { tree(depth - 1), tree(depth - 1) } end
local function count(t) return t[1] and 1 + count(t[1]) + count(t[2]) or 1 end
local kept, words, sum = tree(deepest), {}, 0
for depth = 4, deepest do
	local trees = 1 << (deepest - depth + 2)
	local n = 0
	for _ = 1, trees do n = n + count(tree(depth)) end
	print(depth, trees, n)
end
for i = 1, 1 << deepest do
	words[i % 1000] = string.format("%d:%s", i, string.rep("x", i % 50))
	sum = (sum * 31 + #words[i % 1000]) % 1000003
end
print(count(kept), sum)
collectgarbage()
