using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Rules;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>The rules of a built-in kind as kinds.yaml writes them. Kinds that do more than can be said there derive from this class.</summary>
internal class KindRules(JsonObject kind) : ResourceRules
{
    private readonly HashSet<string?> _flags = [.. (kind.Items("flags") ?? []).Select(flag => flag.AsText())];
    private readonly string[][] _counted = [.. (kind.Items("generation") ?? new JsonArray("spec")).Select(path => path.AsText()!.Split('.'))];
    private readonly KindStep[] _defaults = KindStep.ReadAll(kind.Items("defaults"));
    private readonly KindStep[] _create = KindStep.ReadAll(kind.Items("create"));
    private readonly KindStep[] _review = KindStep.ReadAll(kind.Items("review"));
    private readonly KindRule[] _rules = [.. (kind.Items("rules") ?? []).Select(rule => new KindRule((JsonObject)rule!))];
    private readonly CelTerm[] _cells = [.. (kind.Items("cells") ?? []).Select(cell => KindLanguage.Compile(cell.AsText()!))];

    public override bool HasGeneration => _flags.Contains("counts-generations");

    public override bool AllowsUnconditionalUpdate => !_flags.Contains("needs-version");

    public override bool AllowsCreateOnUpdate => _flags.Contains("create-on-update");

    public override bool NamesAreLabels => _flags.Contains("label-names");

    public override bool NamesArePathSegments => _flags.Contains("path-names");

    public override bool IsReview => _review.Length > 0;

    public override void AnswerReview(JsonObject review) => Run(_review, review);

    public override JsonObject Zero() => kind.Child("zero")?.Copy() ?? [];

    public override void ApplyDefaults(JsonObject obj) => Run(_defaults, obj);

    public override void PrepareForCreate(JsonObject obj, RulesContext context)
    {
        if (kind.Child("status") is { } status)
        {
            obj["status"] = status.Copy();
        }

        Run(_create, obj);

        // Again: a generated name and the other view of events are known only now.
        ApplyDefaults(obj);
    }

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        foreach (KindRule rule in _rules)
        {
            rule.Check(obj, old, errors);
        }
    }

    public override bool RaisesGeneration(JsonObject obj, JsonObject old) => Array.Exists(_counted, path => !JsonNodes.Same(At(obj, path), At(old, path)));

    public override JsonArray Cells(JsonElement obj, RulesContext context)
    {
        if (_cells.Length == 0)
        {
            return base.Cells(obj, context);
        }

        CelScope scope = KindLanguage.Scope(JsonObject.Create(obj)!, now: context.Now);

        // Numbers stay numbers even where the column says string, as the real server writes them.
        return CelValues.List(_cells.Select(cell => cell(scope)));
    }

    private static void Run(KindStep[] steps, JsonObject obj)
    {
        foreach (KindStep step in steps)
        {
            step.Run(obj);
        }
    }

    private static JsonNode? At(JsonObject obj, string[] path) => path.Aggregate((JsonNode?)obj, (node, name) => (node as JsonObject)?[name]);
}
