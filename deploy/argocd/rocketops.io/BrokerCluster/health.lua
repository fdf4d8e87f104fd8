-- How well a BrokerCluster is, for Argo CD. While a sync runs, Degraded ends it as failed; Progressing and Suspended let it wait.
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
-- Of a paused cluster it keeps the last one it worked on, and the conditions speak of now all the same.
local generation = obj.metadata ~= nil and obj.metadata.generation or 0
local seen = status.observedGeneration or -1
if seen < generation and not is("Paused", "True") then
  return { status = "Progressing", message = waiting }
end

-- A person has to change something.
if is("Stalled", "True") then
  return { status = "Degraded", message = message("Stalled") or message("Ready") or "Stalled." }
end

-- kstatus knows no Available: to it such a cluster is in progress. But nobody can send to a group that has served, and nobody asked for that: whoever
-- watches applications has to be called. Available alone would cry wolf: it is false too while a cluster starts and while a master restarts because the
-- operator wants it so. The condition Degraded leaves these out, and with Available true (a slave is away) clients miss nothing, and waiting is enough.
-- Before Paused, because Suspended ranks above Progressing and would hide it.
if is("Available", "False") and is("Degraded", "True") then
  local text = message("Available") or "Not available."
  local trouble = message("Degraded")
  if trouble ~= nil then
    -- For the same reason it says the same, and what is wrong with the pods.
    text = conditions["Degraded"].reason == conditions["Available"].reason and trouble or text .. " " .. trouble
  end
  return { status = "Degraded", message = text }
end

if is("Paused", "True") then
  local text = message("Paused")
  if not is("Ready", "True") then
    text = message("Ready") or text
  end
  return { status = "Suspended", message = text or "Paused." }
end

if is("Ready", "True") then
  return { status = "Healthy", message = message("Ready") or "" }
end

return { status = "Progressing", message = message("Ready") or message("Reconciling") or waiting }
