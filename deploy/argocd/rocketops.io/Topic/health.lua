-- How well a Topic is, for Argo CD. While a sync runs, Degraded ends it as failed; Progressing lets it wait.
-- An object in deletion never comes here: Argo CD calls it Progressing itself.
local waiting = "Waiting for the operator."

local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  if condition.type ~= nil then
    conditions[condition.type] = condition
  end
end

local function is(type, value)
  return conditions[type] ~= nil and conditions[type].status == value
end

local function message(type)
  local text = conditions[type] ~= nil and conditions[type].message or ""
  return text ~= "" and text or nil
end

-- The operator writes the generation it has worked on; -1 stands there before it has seen the object at all.
local generation = obj.metadata ~= nil and obj.metadata.generation or 0
local seen = status.observedGeneration or -1
if seen < generation then
  return { status = "Progressing", message = waiting }
end

-- A person has to change something.
if is("Stalled", "True") then
  return { status = "Degraded", message = message("Stalled") or message("Ready") or "Stalled." }
end

if is("Ready", "True") then
  return { status = "Healthy", message = message("Ready") or "" }
end

return { status = "Progressing", message = message("Ready") or message("Reconciling") or waiting }
