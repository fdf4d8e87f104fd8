using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Support;

/// <summary>
/// Plays the members of a group that elects its master: one takes the Lease, another one in sync when the master's pod is gone, and a wish for a hand-over is fulfilled. As real ones do they know each other from their
/// configuration: a Lease is founded with all that anybody counts there, and nobody gets in sync whom the master does not know. Notes when a master was taken away that had not handed over, and when somebody in sync was forgotten.
/// </summary>
internal sealed class ElectedMembers : IAsyncDisposable
{
    private readonly IKubernetesClient _client;
    private readonly string _group;
    private readonly string _ns;
    private readonly PlayedObjects _objects;
    private readonly PlayedObjects _registering;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running = Task.CompletedTask;
    private readonly SemaphoreSlim _step = new(1);

    // By the transitions of the Lease.
    private readonly ConcurrentDictionary<int, string> _masters = new();
    private string? _holderUid;

    public ElectedMembers(IKubernetesClient client, string group, string ns = OperatorWorld.Ns, Pulse? pulse = null)
        : this(client, group, ns, new PlayedObjects(client, ns, pulse: null), new PlayedObjects(client, ns, pulse: null))
    {
        Func<CancellationToken, Task<bool>> pause = Pulse.Join(pulse);
        _running = Task.Run(() => RunAsync(pause));
    }

    /// <summary>Does nothing by itself: somebody plays many groups (<see cref="ElectedGroups"/>).</summary>
    /// <param name="client">The API server.</param>
    /// <param name="group">The group.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="objects">What rounds look at.</param>
    /// <param name="registering">What is looked at when they register, by another player.</param>
    public ElectedMembers(IKubernetesClient client, string group, string ns, PlayedObjects objects, PlayedObjects registering)
    {
        _client = client;
        _group = group;
        GroupId = $"id-of-{group}";
        _ns = ns;
        _objects = objects;
        _registering = registering;
    }

    /// <summary>Who led, in order.</summary>
    public IReadOnlyList<string> Masters => [.. _masters.OrderBy(static term => term.Key).Select(static term => term.Value)];

    /// <summary>What they write into the Lease when they found it.</summary>
    public string GroupId { get; set; }

    /// <summary>Masters whose pods went while they led.</summary>
    public ConcurrentQueue<string> Deposed { get; } = new();

    /// <summary>Pods that ran with a list in which somebody in sync was missing.</summary>
    public ConcurrentQueue<string> Forgetful { get; } = new();

    /// <summary>Whether a pod catches up with its master.</summary>
    public Func<string, bool> CatchesUp { get; set; } = static _ => true;

    /// <summary>Whether a master hands over when it is asked.</summary>
    public Func<string, bool> HandsOver { get; set; } = static _ => true;

    /// <summary>Whether the Lease names a pod no longer that has gone.</summary>
    public Func<string, bool> LetsGo { get; set; } = static _ => true;

    public Exception? Failure { get; private set; }

    /// <summary>They do nothing, as when none of them reaches the API server.</summary>
    public bool AreCutOff
    {
        get => Volatile.Read(ref field);
        set => Volatile.Write(ref field, value);
    }

    /// <summary>They do nothing from here on, and what they were doing is done.</summary>
    public async Task CutOffAsync()
    {
        AreCutOff = true;
        await _step.WaitAsync();
        _step.Release();
    }

    /// <summary>As members register: the master with the address that follows it, others with their own.</summary>
    public async Task<(long Id, string Address)?> RegistrationAsync(string pod, CancellationToken cancellationToken)
    {
        Lease? lease = await _registering.FindAsync<Lease>(_group, cancellationToken);
        bool leads = lease?.Spec?.HolderIdentity == pod;
        Service? service = await _registering.FindAsync<Service>(leads ? $"{_group}-master" : pod, cancellationToken);
        long id = leads ? 0 : 1 + long.Parse(pod[(_group.Length + 1)..], CultureInfo.InvariantCulture);
        return service?.Spec?.ClusterIP is { } address ? (id, $"{address}:10911") : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
        _step.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task<bool>> pause)
    {
        try
        {
            while (await RoundAsync(_stopping.Token))
            {
                await pause(_stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // It has been played to the end.
        }
    }

    /// <summary>They look, and do what is to be done; false when the play itself is broken.</summary>
    public async Task<bool> RoundAsync(CancellationToken cancellationToken)
    {
        await _step.WaitAsync(cancellationToken);
        try
        {
            if (!AreCutOff)
            {
                await StepAsync(cancellationToken);
            }
        }
        catch (KubernetesException)
        {
            // Somebody else was faster; the next round sees.
        }
        catch (Exception broken) when (broken is not OperationCanceledException)
        {
            Failure = broken;
        }
        finally
        {
            _step.Release();
        }

        return Failure is null;
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<Pod> pods = [.. (await _objects.AllAsync<Pod>(cancellationToken)).Where(IsServing).OrderBy(static pod => pod.Name(), StringComparer.Ordinal)];
        Lease? lease = await _objects.FindAsync<Lease>(_group, cancellationToken);
        if (pods.Count == 0)
        {
            return;
        }

        Dictionary<string, string[]> lists = new(StringComparer.Ordinal);
        foreach (Pod pod in pods)
        {
            if (await ListAsync(pod, cancellationToken) is not { } list)
            {
                return;
            }

            lists[pod.Name()] = list;
        }

        if (lease is null)
        {
            if (lists.Values.SelectMany(static list => list).Except(lists.Keys, StringComparer.Ordinal).Any())
            {
                return;
            }

            lease = new Lease { Metadata = new ObjectMeta { Name = _group, Namespace = _ns }, Spec = new LeaseSpec() };
            Lead(lease, pods[0], InSync(pods, [], lists[pods[0].Name()]));
            await _objects.CreateAsync(lease, cancellationToken);
            _holderUid = pods[0].Uid();
            return;
        }

        if (lease.Annotation("rocketops.io/in-sync") is not { } noted)
        {
            // Not a group's: real members leave it alone too, and say so.
            return;
        }

        string[] before = [.. noted.Split(',').Select(static copy => copy.Split('/')[0])];
        foreach (Pod pod in pods.Where(pod => before.Except(lists[pod.Name()], StringComparer.Ordinal).Any()))
        {
            Forgetful.Enqueue($"{pod.Name()} knows {string.Join(',', lists[pod.Name()])}, in sync are {string.Join(',', before)}");
        }

        Pod? holder = pods.FirstOrDefault(pod => pod.Uid() == _holderUid);
        if (lease.Annotation("rocketops.io/hand-over-to") is { } wish && HandsOver(wish) && pods.FirstOrDefault(pod => pod.Name() == wish) is { } successor)
        {
            lease.Metadata.Annotations!.Remove("rocketops.io/hand-over-to");
            Lead(lease, successor, InSync(pods, before, lists[wish]));
            holder = successor;
        }
        else if (holder is null)
        {
            if (pods.FirstOrDefault(pod => before.Contains(pod.Name(), StringComparer.Ordinal)) is not { } next)
            {
                return;
            }

            Deposed.Enqueue(lease.Spec!.HolderIdentity!);
            Lead(lease, next, InSync(pods, before, lists[next.Name()]));
            holder = next;
        }
        else if (InSync(pods, before, lists[holder.Name()]) is { } inSync && (lease.Annotation("rocketops.io/in-sync") != inSync || lease.Annotation("rocketops.io/hand-over-to") is not null))
        {
            // A wish that cannot be fulfilled is taken out with the next renewal.
            lease.Metadata.Annotations!.Remove("rocketops.io/hand-over-to");
            lease.Metadata.Annotations["rocketops.io/in-sync"] = inSync;
        }
        else
        {
            return;
        }

        await _objects.ReplaceAsync(lease, cancellationToken);
        _holderUid = holder.Uid();
    }

    /// <summary>Writes down that a pod leads from this change of the Lease on; who it is is noted before others can see it, and anew where the change was not taken.</summary>
    private void Lead(Lease lease, Pod master, string inSync)
    {
        lease.Spec!.HolderIdentity = master.Name();
        lease.Spec.LeaseTransitions = (lease.Spec.LeaseTransitions ?? 0) + 1;
        lease.Metadata.Annotations ??= [];
        lease.Metadata.Annotations["rocketops.io/in-sync"] = inSync;
        lease.Metadata.Annotations["rocketops.io/group-id"] = GroupId;
        lease.Metadata.Annotations["rocketops.io/history"] = "As played.";
        _masters[lease.Spec.LeaseTransitions.Value] = master.Name();
    }

    /// <summary>Those who serve and have caught up, as far as the master knows them, and those who have gone and are not let go yet.</summary>
    private string InSync(IReadOnlyList<Pod> pods, IReadOnlyList<string> before, IReadOnlyList<string> known)
    {
        IEnumerable<string> here = pods.Select(static pod => pod.Name()).Where(name => known.Contains(name, StringComparer.Ordinal) && CatchesUp(name));
        return string.Join(',', here.Union(before.Where(name => !LetsGo(name)), StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(static name => name + "/1"));
    }

    /// <summary>Whom a pod counts among its group: what it was started with. Null when it has gone meanwhile, and what it was started with too.</summary>
    private async Task<string[]?> ListAsync(Pod pod, CancellationToken cancellationToken)
    {
        string name = OperatorWorld.Configuration(pod);
        if (await _objects.FindAsync<ConfigMap>(name, cancellationToken) is not { } configuration)
        {
            return await _client.GetAsync<Pod>(pod.Name(), _ns, cancellationToken) is { } live && live.Uid() == pod.Uid() && !live.IsDeleting() && await IsOfAClusterAsync(live, cancellationToken)
                ? throw new InvalidOperationException($"{pod.Name()} runs, and {name} that it was started with is gone")
                : null;
        }

        string line = configuration.Data![$"{pod.Name()}.conf"].Split('\n').First(static line => line.StartsWith("groupMembers=", StringComparison.Ordinal));
        return [.. line["groupMembers=".Length..].Split(',').Select(static member => member.Split('@')[0])];
    }

    /// <summary>Of a cluster that was deleted pods may go after what they were started with.</summary>
    private async Task<bool> IsOfAClusterAsync(Pod pod, CancellationToken cancellationToken) =>
        await _client.GetAsync<StatefulSet>(_group, _ns, cancellationToken) is { } set && set.Uid() == pod.ControllerOwner()?.Uid && set.ControllerOwner() is { } owner
        && (await _client.GetAsync<BrokerCluster>(owner.Name, _ns, cancellationToken))?.Uid() == owner.Uid;

    private bool IsServing(Pod pod) =>
        pod.Name().StartsWith(_group + "-", StringComparison.Ordinal) && !pod.IsDeleting() && pod.Status?.Conditions?.Exists(static condition => condition is { Type: "Ready", Status: "True" }) == true;
}
