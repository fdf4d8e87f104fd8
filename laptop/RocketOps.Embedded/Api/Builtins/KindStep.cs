using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Rules;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>One step of a kind's defaults (kinds.yaml): what is set, put or removed in the objects at a path.</summary>
internal sealed class KindStep
{
    private readonly FieldPath _at;
    private readonly CelTerm? _when;
    private readonly bool _asksItem;
    private readonly (string Name, bool IsForced, Func<CelScope, JsonNode?> Value)[] _fields;
    private readonly string[] _removed;
    private readonly KindStep[] _steps;

    private KindStep(JsonObject step)
    {
        string? when = step.Text("when");
        _at = new FieldPath(step.Text("at") ?? string.Empty);
        _when = when is null ? null : KindLanguage.Compile(when);
        _asksItem = when?.Contains("item", StringComparison.Ordinal) == true;
        _fields = [.. Fields(step.Child("set"), isForced: false), .. Fields(step.Child("put"), isForced: true)];
        _removed = [.. (step.Items("remove") ?? []).Select(name => name.AsText()!)];
        _steps = ReadAll(step.Items("steps"));
    }

    public static KindStep[] ReadAll(JsonArray? steps) => [.. (steps ?? []).Select(step => new KindStep((JsonObject)step!))];

    public void Run(JsonObject root)
    {
        // A condition on the root is asked before the path is made.
        if (_when is not null && !_asksItem && !CelValues.True(_when(KindLanguage.Scope(root))))
        {
            return;
        }

        foreach ((JsonObject item, _) in _at.Find(root, create: true))
        {
            CelScope scope = KindLanguage.Scope(root, item);
            if (_asksItem && !CelValues.True(_when!(scope)))
            {
                continue;
            }

            foreach ((string name, bool isForced, Func<CelScope, JsonNode?> value) in _fields)
            {
                if (isForced || item[name] is null)
                {
                    item[name] = value(scope);
                }
            }

            foreach (string name in _removed)
            {
                item.Remove(name);
            }

            foreach (KindStep step in _steps)
            {
                step.Run(item);
            }
        }
    }

    private static IEnumerable<(string Name, bool IsForced, Func<CelScope, JsonNode?> Value)> Fields(JsonObject? fields, bool isForced)
    {
        foreach ((string name, JsonNode? value) in fields ?? [])
        {
            if (value.AsText() is ['=', .. string expression])
            {
                CelTerm term = KindLanguage.Compile(expression);
                yield return (name, isForced, scope => CelValues.Node(term(scope)));
            }
            else
            {
                yield return (name, isForced, _ => value?.DeepClone());
            }
        }
    }
}
