using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Tests.Support;

/// <summary>
/// Plays the members of a group that elects its master: one takes the Lease, another when the master's pod is gone, and a wish for a hand-over is fulfilled. Notes when a master was taken away that had not handed over.
/// </summary>
internal sealed class ElectedMembers : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(15);

    private readonly IKubernetesClient _client;
    private readonly string _group;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private string? _holderUid;

    public ElectedMembers(IKubernetesClient client, string group)
    {
        _client = client;
        _group = group;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Who led, in order.</summary>
    public ConcurrentQueue<string> Masters { get; } = new();

    /// <summary>Masters whose pods went while they led.</summary>
    public ConcurrentQueue<string> Deposed { get; } = new();

    public Exception? Failure { get; private set; }

    /// <summary>As members register: the master with the address that follows it, others with their own.</summary>
    public async Task<(long Id, string Address)?> RegistrationAsync(string pod, CancellationToken cancellationToken)
    {
        Lease? lease = await _client.GetAsync<Lease>(_group, OperatorWorld.Ns, cancellationToken);
        bool leads = lease?.Spec?.HolderIdentity == pod;
        Service? service = await _client.GetAsync<Service>(leads ? $"{_group}-master" : pod, OperatorWorld.Ns, cancellationToken);
        long id = leads ? 0 : 1 + long.Parse(pod[(_group.Length + 1)..], CultureInfo.InvariantCulture);
        return service?.Spec?.ClusterIP is { } address ? (id, $"{address}:10911") : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await StepAsync(_stopping.Token);
                await Task.Delay(Pause, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (KubernetesException)
            {
                // Somebody else was faster; the next round sees.
            }
            catch (Exception broken)
            {
                Failure = broken;
                return;
            }
        }
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<Pod> pods = [.. (await _client.ListAsync<Pod>(cancellationToken: cancellationToken)).Items.Where(IsServing).OrderBy(static pod => pod.Name(), StringComparer.Ordinal)];
        Lease? lease = await _client.GetAsync<Lease>(_group, OperatorWorld.Ns, cancellationToken);
        if (pods.Count == 0)
        {
            return;
        }

        if (lease is null)
        {
            lease = new Lease { Metadata = new ObjectMeta { Name = _group, Namespace = OperatorWorld.Ns }, Spec = new LeaseSpec() };
            Lead(lease, pods[0], pods);
            await _client.CreateAsync(lease, cancellationToken: cancellationToken);
            return;
        }

        string inSync = InSync(pods);
        Pod? holder = pods.FirstOrDefault(pod => pod.Uid() == _holderUid);
        if (lease.Annotation("rocketops.io/hand-over-to") is { } wish && pods.FirstOrDefault(pod => pod.Name() == wish) is { } successor)
        {
            lease.Metadata.Annotations!.Remove("rocketops.io/hand-over-to");
            Lead(lease, successor, pods);
        }
        else if (holder is null)
        {
            Deposed.Enqueue(lease.Spec!.HolderIdentity!);
            Lead(lease, pods[0], pods);
        }
        else if (lease.Annotation("rocketops.io/in-sync") != inSync)
        {
            lease.Metadata.Annotations!["rocketops.io/in-sync"] = inSync;
        }
        else
        {
            return;
        }

        await _client.ReplaceAsync(lease, cancellationToken: cancellationToken);
    }

    private void Lead(Lease lease, Pod master, IReadOnlyList<Pod> pods)
    {
        lease.Spec!.HolderIdentity = master.Name();
        lease.Spec.LeaseTransitions = (lease.Spec.LeaseTransitions ?? 0) + 1;
        lease.Metadata.Annotations ??= [];
        lease.Metadata.Annotations["rocketops.io/in-sync"] = InSync(pods);
        lease.Metadata.Annotations["rocketops.io/history"] = "As played.";
        _holderUid = master.Uid();
        Masters.Enqueue(master.Name());
    }

    private static string InSync(IReadOnlyList<Pod> pods) => string.Join(',', pods.Select(static pod => pod.Name() + "/1"));

    private bool IsServing(Pod pod) =>
        pod.Name().StartsWith(_group + "-", StringComparison.Ordinal) && !pod.IsDeleting() && pod.Status?.Conditions?.Exists(static condition => condition is { Type: "Ready", Status: "True" }) == true;
}
