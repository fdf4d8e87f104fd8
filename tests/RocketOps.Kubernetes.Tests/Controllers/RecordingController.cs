using System.Collections.Concurrent;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Tests.Support;

namespace RocketOps.Kubernetes.Tests.Controllers;

internal sealed class RecordingController : IEntityController<Widget>
{
    private readonly ConcurrentDictionary<string, (int Passes, Widget Last)> _seen = new();

    public Func<Widget, int, ReconciliationResult<Widget>> OnReconcile { get; set; } = (w, _) => ReconciliationResult<Widget>.Success(w);

    public Func<Task> Around { get; set; } = () => Task.CompletedTask;

    public ConcurrentBag<string> Deleted { get; } = [];

    public int Passes(string name) => _seen.TryGetValue(name, out (int Passes, Widget Last) seen) ? seen.Passes : 0;

    public Widget? Last(string name) => _seen.TryGetValue(name, out (int Passes, Widget Last) seen) ? seen.Last : null;

    public async Task<ReconciliationResult<Widget>> ReconcileAsync(Widget entity, CancellationToken cancellationToken)
    {
        await Around();
        (int passes, Widget _) = _seen.AddOrUpdate(entity.Name(), (1, entity), (_, seen) => (seen.Passes + 1, entity));
        return OnReconcile(entity, passes);
    }

    public Task<ReconciliationResult<Widget>> DeletedAsync(Widget entity, CancellationToken cancellationToken)
    {
        Deleted.Add(entity.Name());
        return Task.FromResult(ReconciliationResult<Widget>.Success(entity));
    }
}
