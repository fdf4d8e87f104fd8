using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>What StatefulSets, Deployments and ReplicaSets share: a selector over a pod template.</summary>
internal abstract class WorkloadRules : ResourceRules
{
    public override bool HasGeneration => true;

    public override void ApplyDefaults(JsonObject obj)
    {
        JsonObject spec = obj.EnsureChild("spec");
        spec.SetIfAbsent("replicas", 1L);
        PodSpecs.ApplyTemplateDefaults(spec);
        ApplySpecDefaults(spec);
    }

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        JsonObject spec = obj.EnsureChild("spec");
        if (spec.Integer("replicas") is < 0 and var replicas)
        {
            errors.Invalid("spec.replicas", JsonValue.Create(replicas), "must be greater than or equal to 0");
        }

        JsonObject? selector = spec.Child("selector");
        JsonObject? labels = spec.At("template", "metadata", "labels");
        if (selector is null)
        {
            errors.Required("spec.selector");
        }

        if (selector is null || !Matches(selector, labels))
        {
            errors.Invalid("spec.template.metadata.labels", labels ?? new JsonObject(), "`selector` does not match template `labels`");
        }

        PodSpecs.Validate(spec.EnsureChild("template").EnsureChild("spec"), "spec.template.spec", errors);
        if (old is not null)
        {
            ValidateChange(spec, old.EnsureChild("spec"), errors);
        }
    }

    protected abstract void ApplySpecDefaults(JsonObject spec);

    protected virtual void ValidateChange(JsonObject spec, JsonObject old, FieldErrors errors)
    {
        if (!JsonNodes.Same(spec["selector"], old["selector"]))
        {
            errors.Invalid("spec.selector", spec["selector"], "field is immutable");
        }
    }

    private static bool Matches(JsonObject selector, JsonObject? labels) =>
        selector.Deserialize(KubernetesJsonContext.Default.LabelSelector)!
            .Matches(labels?.ToDictionary(label => label.Key, label => label.Value.AsText() ?? string.Empty, StringComparer.Ordinal));
}
