using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Tests.Support;

/// <summary>
/// Plays the StatefulSet and Deployment controllers and the kubelet: makes pods, lets them run, registers ready brokers with the name servers, and notes what the operator
/// must never do, such as having two pods of a cluster away at once while it restarts them.
/// </summary>
internal sealed class Workloads : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(15);

    private readonly IKubernetesClient _client;
    private readonly FakeAdmin _admin;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private readonly HashSet<string> _everReady = new(StringComparer.Ordinal);
    private int _addresses;

    public Workloads(IKubernetesClient client, FakeAdmin admin)
    {
        _client = client;
        _admin = admin;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Whether a pod made from this template becomes ready.</summary>
    public Func<Pod, bool> Healthy { get; set; } = static _ => true;

    /// <summary>Whether the name server of this number serves.</summary>
    public Func<int, bool> NameServerServes { get; set; } = static _ => true;

    /// <summary>Name servers of an older template that are still there beside the new ones.</summary>
    public int OldNameServers { get; set; }

    /// <summary>Id and address with which a ready broker registers; null for its ordinal and its pod's address.</summary>
    public Func<string, CancellationToken, Task<(long Id, string Address)?>>? Registration { get; set; }

    /// <summary>Pods in the order in which they were made.</summary>
    public List<string> Started { get; } = [];

    /// <summary>Pods that their set let go, in order.</summary>
    public ConcurrentQueue<string> Left { get; } = new();

    /// <summary>The largest number of pods that had been ready before and were away at the same time.</summary>
    public int MostAway { get; private set; }

    /// <summary>What broke the play itself; a test that fails for another reason should see it.</summary>
    public Exception? Failure { get; private set; }

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
            catch (KubernetesException refused) when (refused.IsInvalid)
            {
                // The play itself is wrong: a test that waits in vain shows this.
                Failure = refused;
            }
            catch (KubernetesException)
            {
                // Somebody else was faster, or a test injects faults; the next round sees.
            }
            catch (HttpRequestException)
            {
                // A test drops connections.
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
        IReadOnlyList<StatefulSet> sets = (await _client.ListAsync<StatefulSet>(cancellationToken: cancellationToken)).Items;
        IReadOnlyList<Pod> pods = (await _client.ListAsync<Pod>(cancellationToken: cancellationToken)).Items;
        IReadOnlyList<Deployment> deployments = (await _client.ListAsync<Deployment>(cancellationToken: cancellationToken)).Items;

        foreach (Pod? pod in pods.Where(static pod => pod.IsDeleting()))
        {
            await _client.DeleteAsync<Pod>(pod.Name(), pod.Namespace(), new DeleteOptions { GracePeriodSeconds = 0 }, cancellationToken);
        }

        foreach (Deployment deployment in deployments)
        {
            await RunAsync(deployment, [.. pods.Where(pod => pod.ControllerOwner()?.Uid == deployment.Uid() && !pod.IsDeleting())], cancellationToken);
        }

        await RegisterAsync(sets, pods, cancellationToken);
        foreach (StatefulSet? set in sets.Where(static set => !set.IsDeleting()))
        {
            await RunAsync(set, [.. pods.Where(pod => pod.ControllerOwner()?.Uid == set.Uid() && !pod.IsDeleting())], cancellationToken);
        }

        HashSet<string> ready = pods.Where(static pod => IsReady(pod) && !pod.IsDeleting()).Select(static pod => pod.Name()).ToHashSet(StringComparer.Ordinal);
        MostAway = Math.Max(MostAway, _everReady.Count(name => !ready.Contains(name)));
        _everReady.UnionWith(ready);
    }

    private async Task RunAsync(Deployment deployment, Pod[] pods, CancellationToken cancellationToken)
    {
        if (deployment.IsDeleting())
        {
            return;
        }

        int replicas = deployment.Spec!.Replicas ?? 1;
        int all = replicas + OldNameServers;
        for (int i = 0; i < replicas; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{deployment.Name()}-{i}");
            if (Array.Find(pods, pod => pod.Name() == name) is { } pod)
            {
                await RunAsync(pod, NameServerServes(i), cancellationToken);
            }
            else
            {
                await _client.CreateAsync(Make(deployment, name), cancellationToken: cancellationToken);
            }
        }

        int ready = pods.Count(IsReady) + OldNameServers;
        if (deployment.Status is { } status && status.ObservedGeneration == deployment.Metadata.Generation && status.ReadyReplicas == ready && status.Replicas == all)
        {
            return;
        }

        deployment.Status = new DeploymentStatus
        {
            ObservedGeneration = deployment.Metadata.Generation,
            Replicas = all,
            ReadyReplicas = ready,
            UpdatedReplicas = replicas,
            AvailableReplicas = ready,
        };
        await _client.ReplaceStatusAsync(deployment, cancellationToken: cancellationToken);
    }

    private async Task RunAsync(StatefulSet set, Pod[] pods, CancellationToken cancellationToken)
    {
        string revision = $"{set.Name()}-{JsonSerializer.Serialize(set.Spec!.Template, TemplateJson).GetHashCode(StringComparison.Ordinal):x8}";
        for (int ordinal = 0; ordinal < set.Spec.Replicas; ordinal++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{set.Name()}-{ordinal}");
            if (Array.Find(pods, pod => pod.Name() == name) is { } pod)
            {
                await RunAsync(pod, Healthy(pod), cancellationToken);
            }
            else
            {
                await _client.CreateAsync(Make(set, name, revision), cancellationToken: cancellationToken);
                Started.Add(name);
            }
        }

        foreach (Pod pod in pods.Where(pod => int.Parse(pod.Name()[(set.Name().Length + 1)..], CultureInfo.InvariantCulture) >= set.Spec.Replicas))
        {
            await _client.DeleteAsync<Pod>(pod.Name(), pod.Namespace(), cancellationToken: cancellationToken);
            _everReady.Remove(pod.Name());
            Left.Enqueue(pod.Name());
        }

        int ready = pods.Count(IsReady);
        if (set.Status is not { } status || status.ObservedGeneration != set.Metadata.Generation || status.UpdateRevision != revision || status.ReadyReplicas != ready)
        {
            set.Status = new StatefulSetStatus { ObservedGeneration = set.Metadata.Generation, Replicas = pods.Length, ReadyReplicas = ready, UpdateRevision = revision, CurrentRevision = revision };
            await _client.ReplaceStatusAsync(set, cancellationToken: cancellationToken);
        }
    }

    private static readonly JsonSerializerOptions TemplateJson = new() { TypeInfoResolver = KubernetesJsonContext.Default };

    private async Task RunAsync(Pod pod, bool ready, CancellationToken cancellationToken)
    {
        if (pod.Status?.PodIP is not null && IsReady(pod) == ready)
        {
            return;
        }

        pod.Status = new PodStatus
        {
            Phase = "Running",
            PodIP = pod.Status?.PodIP ?? string.Create(CultureInfo.InvariantCulture, $"10.1.{++_addresses / 250}.{(_addresses % 250) + 1}"),
            Conditions = [new PodCondition { Type = "Ready", Status = ready ? "True" : "False" }],
            ContainerStatuses =
            [
                new ContainerStatus
                {
                    Name = "broker",
                    Ready = ready,
                    Image = "test",
                    State = ready
                        ? new ContainerState { Running = new ContainerStateRunning() }
                        : new ContainerState { Waiting = new ContainerStateWaiting { Reason = "CrashLoopBackOff" } },
                },
            ],
        };
        await _client.ReplaceStatusAsync(pod, cancellationToken: cancellationToken);
    }

    private async Task RegisterAsync(IReadOnlyList<StatefulSet> sets, IReadOnlyList<Pod> pods, CancellationToken cancellationToken)
    {
        if (_admin.Registered is null)
        {
            return;
        }

        Dictionary<string, Dictionary<long, string>> registered = new(StringComparer.Ordinal);
        foreach (Pod? pod in pods.Where(IsReady))
        {
            StatefulSet? set = sets.FirstOrDefault(set => set.Uid() == pod.ControllerOwner()?.Uid);
            if (set is not null)
            {
                Dictionary<long, string> brokers = registered.TryGetValue(set.Name(), out Dictionary<long, string>? known) ? known : registered[set.Name()] = [];
                (long Id, string Address)? registration = Registration is null ? null : await Registration(pod.Name(), cancellationToken);
                (long id, string address) = registration ?? (long.Parse(pod.Name()[(set.Name().Length + 1)..], CultureInfo.InvariantCulture), $"{pod.Status!.PodIP}:10911");
                brokers[id] = address;
            }
        }

        _admin.Registered = registered;
    }

    private static Pod Make(Deployment deployment, string name) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = name,
            Namespace = deployment.Namespace(),
            Labels = deployment.Spec!.Template!.Metadata!.Labels,
            OwnerReferences = [deployment.AsControllerReference()],
        },
        Spec = deployment.Spec.Template.Spec,
    };

    private static Pod Make(StatefulSet set, string name, string revision)
    {
        // As the real controller does: a volume for each claim, which the template cannot name.
        PodSpec spec = JsonSerializer.Deserialize<PodSpec>(JsonSerializer.Serialize(set.Spec!.Template!.Spec, TemplateJson), TemplateJson)!;
        spec.Volumes!.AddRange(set.Spec.VolumeClaimTemplates!.Select(claim => new Volume
        {
            Name = claim.Name(),
            PersistentVolumeClaim = new PersistentVolumeClaimVolumeSource { ClaimName = $"{claim.Name()}-{name}" },
        }));
        Dictionary<string, string> labels = new(set.Spec.Template.Metadata!.Labels!, StringComparer.Ordinal) { ["controller-revision-hash"] = revision };
        return new Pod
        {
            Metadata = new ObjectMeta
            {
                Name = name,
                Namespace = set.Namespace(),
                Labels = labels,
                Annotations = set.Spec.Template.Metadata.Annotations,
                OwnerReferences = [set.AsControllerReference()],
            },
            Spec = spec,
        };
    }

    private static bool IsReady(Pod pod) => pod.Status?.Conditions?.Exists(static condition => condition is { Type: "Ready", Status: "True" }) == true;
}
