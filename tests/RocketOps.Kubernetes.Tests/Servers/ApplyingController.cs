using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Tests.Support;

namespace RocketOps.Kubernetes.Tests.Servers;

/// <summary>The smallest controller there is: one child by apply, and a status when it changed.</summary>
internal sealed class ApplyingController(IKubernetesClient client, IEntityCache<ConfigMap> configMaps, ServerSideApplier applier) : IEntityController<Widget>
{
    private int _writes;
    private int _passes;
    private int _quietPasses;

    public int Writes => Volatile.Read(ref _writes);

    public int Passes => Volatile.Read(ref _passes);

    /// <summary>Passes in a row that wrote nothing.</summary>
    public int QuietPasses => Volatile.Read(ref _quietPasses);

    public async Task<ReconciliationResult<Widget>> ReconcileAsync(Widget entity, CancellationToken cancellationToken)
    {
        int before = Writes;
        string name = $"{entity.Name()}-config";
        ConfigMap child = new ConfigMap
        {
            Metadata = new ObjectMeta { Name = name, Namespace = entity.Namespace(), OwnerReferences = [entity.AsControllerReference()] },
            Data = new() { ["replicas"] = $"{entity.Spec.Replicas}" },
        };
        if ((await applier.ApplyAsync(child, configMaps.Get(entity.Namespace(), name), cancellationToken)).Written)
        {
            Interlocked.Increment(ref _writes);
        }

        if (entity.Status?.ObservedGeneration != entity.Metadata.Generation)
        {
            entity.Status = new WidgetStatus { ObservedGeneration = entity.Metadata.Generation, Replicas = entity.Spec.Replicas };
            await client.ApplyStatusAsync(entity, new ApplyOptions(applier.FieldManager), cancellationToken);
            Interlocked.Increment(ref _writes);
        }

        Volatile.Write(ref _quietPasses, Writes == before ? QuietPasses + 1 : 0);
        Interlocked.Increment(ref _passes);
        return ReconciliationResult<Widget>.Success(entity);
    }

    public Task<ReconciliationResult<Widget>> DeletedAsync(Widget entity, CancellationToken cancellationToken) =>
        Task.FromResult(ReconciliationResult<Widget>.Success(entity));
}
