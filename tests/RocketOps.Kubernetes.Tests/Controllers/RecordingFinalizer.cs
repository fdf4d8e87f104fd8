using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Tests.Support;

namespace RocketOps.Kubernetes.Tests.Controllers;

internal sealed class RecordingFinalizer : IEntityFinalizer<Widget>
{
    private int _calls;

    public bool Applies { get; set; } = true;

    public int Calls => _calls;

    public int RemainingPasses { get; set; }

    public bool AppliesTo(Widget entity) => Applies;

    public Task<ReconciliationResult<Widget>> FinalizeAsync(Widget entity, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        return Task.FromResult(ReconciliationResult<Widget>.Success(entity, RemainingPasses-- > 0 ? TimeSpan.FromMilliseconds(5) : null));
    }
}
