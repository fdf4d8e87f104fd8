using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Labels each broker pod with its role, which the role Services select by: all pods of a set share one template, so the template cannot.</summary>
internal sealed class RolesStep
{
    private readonly IKubernetesClient _client;

    public RolesStep(IKubernetesClient client) => _client = client;

    public async Task RunAsync(ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, CancellationToken cancellationToken)
    {
        // Where nobody knows who leads the pods keep the labels they have.
        foreach (ObservedMember member in groups.Where(static group => !group.IsLeadUnknown).SelectMany(static group => group.Members))
        {
            if (member.Live.Uid is null || member.Live.Terminating || observation.Pod(member.Pod) is not { } pod)
            {
                continue;
            }

            string role = member.Role == BrokerMemberRole.Master ? ClusterLabels.MasterRole : ClusterLabels.SlaveRole;
            if (pod.Label(ClusterLabels.Role) != role)
            {
                await LabelAsync(context.Names.Namespace, pod, role, cancellationToken);
            }
        }
    }

    private async Task LabelAsync(string ns, Pod pod, string role, CancellationToken cancellationToken)
    {
        JsonObject patch = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                // A replacement of the same name is refused and gets its label in its own pass.
                ["uid"] = pod.Uid(),
                ["labels"] = new JsonObject { [ClusterLabels.Role] = role },
            },
        };
        try
        {
            await _client.PatchAsync<Pod>(pod.Name(), ns, KubernetesPatch.Merge(patch), new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken);
        }
        catch (KubernetesException gone) when (gone.IsNotFound || gone.IsConflict || gone.IsInvalid)
        {
            // The pod went away or was replaced since it was read; its successor causes a pass.
        }
    }
}
