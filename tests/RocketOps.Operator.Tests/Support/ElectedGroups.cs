using RocketOps.Kubernetes.Client;

namespace RocketOps.Operator.Tests.Support;

/// <summary>
/// Plays the members of many groups that elect their masters, one group after the other: one look at the cluster is good for all of them. As many <see cref="ElectedMembers"/> of their own would ask for
/// everything as often as there are groups.
/// </summary>
internal sealed class ElectedGroups : IAsyncDisposable
{
    private readonly Dictionary<string, ElectedMembers> _groups;
    private readonly PlayedObjects _objects;
    private readonly PlayedObjects _registering;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    public ElectedGroups(IKubernetesClient client, IEnumerable<string> groups, Pulse pulse)
    {
        _objects = new PlayedObjects(client, OperatorWorld.Ns, pulse);
        _registering = new PlayedObjects(client, OperatorWorld.Ns, pulse);
        _groups = groups.ToDictionary(static name => name, name => new ElectedMembers(client, name, OperatorWorld.Ns, _objects, _registering), StringComparer.Ordinal);
        Func<CancellationToken, Task<bool>> pause = Pulse.Join(pulse);
        _running = Task.Run(() => RunAsync(pause));
    }

    /// <summary>What broke the play itself; null while nothing did.</summary>
    public Exception? Failure => _groups.Values.Select(static group => group.Failure).FirstOrDefault(static failure => failure is not null);

    /// <summary>As members register; null of a pod that is of no group.</summary>
    public async Task<(long Id, string Address)?> RegistrationAsync(string pod, CancellationToken cancellationToken) =>
        _groups.TryGetValue(pod[..pod.LastIndexOf('-')], out ElectedMembers? members) ? await members.RegistrationAsync(pod, cancellationToken) : null;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
        foreach (ElectedMembers group in _groups.Values)
        {
            await group.DisposeAsync();
        }
    }

    private async Task RunAsync(Func<CancellationToken, Task<bool>> pause)
    {
        try
        {
            while (true)
            {
                foreach (ElectedMembers group in _groups.Values)
                {
                    await group.RoundAsync(_stopping.Token);
                }

                // What nobody has announced may be different all the same.
                if (!await pause(_stopping.Token))
                {
                    _objects.Forget();
                    _registering.Forget();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It has been played to the end.
        }
    }
}
