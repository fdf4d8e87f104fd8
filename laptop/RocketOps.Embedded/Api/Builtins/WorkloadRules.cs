using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>StatefulSets, Deployments and ReplicaSets: a selector over a pod template.</summary>
internal sealed class WorkloadRules(JsonObject kind) : KindRules(kind)
{
    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        base.Validate(obj, old, context, errors);
        JsonObject? labels = obj.At("spec", "template", "metadata", "labels");
        if (obj.At("spec", "selector") is not { } selector || !Matches(selector, labels))
        {
            errors.Invalid("spec.template.metadata.labels", labels ?? new JsonObject(), "`selector` does not match template `labels`");
        }

        PodSpecs.Validate(obj.At("spec", "template", "spec") ?? [], "spec.template.spec", errors);
    }

    private static bool Matches(JsonObject selector, JsonObject? labels) =>
        selector.Deserialize(KubernetesJsonContext.Default.LabelSelector)!
            .Matches(labels?.ToDictionary(label => label.Key, label => label.Value.AsText() ?? string.Empty, StringComparer.Ordinal));
}
