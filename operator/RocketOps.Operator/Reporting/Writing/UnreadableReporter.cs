using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Reporting.Writing;

/// <summary>
/// Tells in an object's own status, and by an event, that the operator cannot read it: by the conditions that say how it is, and nothing else, as the rest of the status is what the operator goes on from when it can be read
/// again. Written as JSON, which no type has to fit, and when it says something new.
/// </summary>
internal sealed class UnreadableReporter(IKubernetesClient client, IEventRecorder events, TimeProvider time) : IUnreadableReporter
{
    public async Task ReportAsync<TEntity>(ObjectKey key, string reason, CancellationToken cancellationToken)
        where TEntity : class, IKubernetesObject
    {
        KubernetesType<TEntity> type = client.Types.Get<TEntity>();
        try
        {
            JsonNode live = (await client.SendAsync(HttpMethod.Get, type.Path(key.Namespace, key.Name), cancellationToken: cancellationToken))!;
            KubernetesObject entity = new(JsonElement.Parse(live.ToJsonString()));
            JsonNode[] conditions = [.. live["status"]?["conditions"]?.AsArray().Select(static condition => condition!) ?? []];
            ILookup<bool, JsonNode> kept = conditions.ToLookup(static condition => (string?)condition["type"] is not (ConditionTypes.Ready or ConditionTypes.Reconciling or ConditionTypes.Stalled));
            List<Condition> before = [.. kept[false].Select(static condition => condition.Deserialize(KubernetesJsonContext.Default.Condition)!)];
            List<Condition> after = new ConditionList(before, entity.Generation, time.GetUtcNow()).Outcome(Describe(reason), pending: null, readyMessage: "").ToList();
            JsonArray next = [.. after.Select(static condition => JsonSerializer.SerializeToNode(condition, KubernetesJsonContext.Default.Condition)), .. kept[true].Select(static condition => condition.DeepClone())];
            if (JsonNode.DeepEquals(new JsonArray([.. kept[false].Concat(kept[true]).Select(static condition => condition.DeepClone())]), next))
            {
                return;
            }

            // Only onto what was read: somebody may have set it right meanwhile.
            JsonObject patch = new()
            {
                ["metadata"] = new JsonObject { ["resourceVersion"] = entity.Metadata.ResourceVersion },
                ["status"] = new JsonObject { ["observedGeneration"] = entity.Generation, ["conditions"] = next },
            };
            await client.SendAsync(
                HttpMethod.Patch, $"{type.Path(key.Namespace, key.Name, "status")}?fieldManager={FieldManager.Name}", patch, KubernetesMediaTypes.MergePatch, cancellationToken);
            TransitionEvents.Record(events, entity, before, after);
        }
        catch (KubernetesException gone) when (gone.IsNotFound)
        {
            // Nobody is left to tell.
        }
    }

    private static Problem Describe(string reason) => new(
        Reasons.InvalidSpec,
        $"This operator cannot read the object: {reason} Nothing that is changed in it is done until that is set right, or an operator runs that knows it; what else its status says is what was known last.");
}
