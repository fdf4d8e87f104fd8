using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using RocketOps.Hosting.Properties;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Support;

/// <summary>
/// Plays the StatefulSet and Deployment controllers and the kubelet: makes pods, lets them run, registers ready brokers with the name servers, and notes what the operator
/// must never do, such as having two pods of a cluster away at once while it restarts them.
/// </summary>
internal sealed class Workloads : IAsyncDisposable
{
    private readonly IKubernetesClient _client;
    private readonly FakeAdmin _admin;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Pulse? _pulse;
    private readonly Func<CancellationToken, Task<bool>> _pause;
    private readonly Task _running;
    private readonly HashSet<string> _everReady = new(StringComparer.Ordinal);
    private readonly HashSet<string> _letGo = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _kept = new(StringComparer.Ordinal);
    private readonly PlayedObjects _objects;
    private readonly RefusedCreations _refusals;
    private int _addresses;
    private int _rounds;

    /// <param name="client">The API server.</param>
    /// <param name="admin">The brokers.</param>
    /// <param name="ns">Where to play; null for everywhere.</param>
    /// <param name="pulse">Tells of changes; null to look again and again.</param>
    public Workloads(IKubernetesClient client, FakeAdmin admin, string? ns = null, Pulse? pulse = null)
    {
        _pulse = pulse;
        _pause = Pulse.Join(pulse);
        _client = client;
        _admin = admin;
        _objects = new PlayedObjects(client, ns, pulse);
        _refusals = new RefusedCreations(client);
        _running = Task.Run(RunAsync);
    }

    /// <summary>The clock of the nodes.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether a pod made from this template becomes ready.</summary>
    public Func<Pod, bool> Healthy
    {
        get;
        set
        {
            field = value;
            _pulse?.Beat();
        }
    } = static _ => true;

    /// <summary>What the status of a pod that is not healthy says; of one that crashes again and again when not set.</summary>
    public Func<PodStatus, PodStatus> Sick { get; set; } = static status => status;

    /// <summary>Whether a pod that is missing in a set can be made.</summary>
    public Func<string, bool> Makes
    {
        get;
        set
        {
            field = value;
            _pulse?.Beat();
        }
    } = static _ => true;

    /// <summary>What the API server says when a pod that is missing is made all the same; null when nobody tries.</summary>
    public Func<string, string?> Refuses
    {
        get;
        set
        {
            field = value;
            _pulse?.Beat();
        }
    } = static _ => null;

    /// <summary>What the API server says when name servers are made; null when it makes them.</summary>
    public string? NameServerRefusal
    {
        get;
        set
        {
            field = value;
            _pulse?.Beat();
        }
    }

    /// <summary>Whether name servers know the broker of a pod, which they do of one whose node was silent for a moment; those that are ready when not set.</summary>
    public Func<Pod, bool> Registers { get; set; } = IsReady;

    /// <summary>Where a pod of a set is made.</summary>
    public Func<Pod, string?> Node { get; set; } = static _ => null;

    /// <summary>Whether the name server of this number serves.</summary>
    public Func<int, bool> NameServerServes
    {
        get;
        set
        {
            field = value;
            _pulse?.Beat();
        }
    } = static _ => true;

    /// <summary>Name servers of an older template that are still there beside the new ones.</summary>
    public int OldNameServers
    {
        get;
        set
        {
            field = value;
            _pulse?.Beat();
        }
    }

    /// <summary>A pod that is made again has the address its predecessor had, and so what the broker there was told.</summary>
    public bool KeepsAddresses { get; set; }

    /// <summary>Whether a claim that was made larger gets the room.</summary>
    public Func<PersistentVolumeClaim, bool> Grows
    {
        get;
        set
        {
            field = value;
            _pulse?.Beat();
        }
    } = static _ => true;

    /// <summary>Called when it has looked although nobody had announced anything.</summary>
    public Action? LookedInVain { get; init; }

    /// <summary>Id and address with which a ready broker registers; null for its ordinal and its pod's address.</summary>
    public Func<string, CancellationToken, Task<(long Id, string Address)?>>? Registration { get; set; }

    /// <summary>Pods in the order in which they were made.</summary>
    public ConcurrentQueue<string> Started { get; } = new();

    /// <summary>Pods that their set let go, in order.</summary>
    public ConcurrentQueue<string> Left { get; } = new();

    /// <summary>The largest number of pods that had been ready before and were away at the same time.</summary>
    public int MostAway { get; private set; }

    /// <summary>How often it has looked at the cluster.</summary>
    public int Rounds => Volatile.Read(ref _rounds);

    /// <summary>What broke the play itself; a test that fails for another reason should see it.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Waits until it has looked at the cluster anew, and has done what was to be done there.</summary>
    public Task LookedAsync()
    {
        // One look may be under way, and has seen what was before.
        int before = Rounds;
        return Eventually.TrueAsync(
            () =>
            {
                _pulse?.Beat();
                return Rounds >= before + 2;
            },
            "the workloads are looked at");
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        bool hasReason = true;
        while (!_stopping.IsCancellationRequested)
        {
            bool isAsKnown = false;
            try
            {
                await StepAsync(_stopping.Token);
                Interlocked.Increment(ref _rounds);
                if (!hasReason)
                {
                    LookedInVain?.Invoke();
                }

                isAsKnown = await _pause(_stopping.Token);
                hasReason = isAsKnown;
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
            finally
            {
                // After a round that broke off, objects here are not what they are there.
                if (!isAsKnown)
                {
                    _objects.Forget();
                }
            }
        }
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        // Pods first: those that go with their set between the two would be missed, and made again for a set that is no more.
        IReadOnlyList<Pod> pods = await _objects.AllAsync<Pod>(cancellationToken);
        IReadOnlyList<StatefulSet> sets = await _objects.AllAsync<StatefulSet>(cancellationToken);
        IReadOnlyList<Deployment> deployments = await _objects.AllAsync<Deployment>(cancellationToken);

        foreach (Pod? pod in pods.Where(static pod => pod.IsDeleting()))
        {
            await _objects.DeleteAsync(pod, new DeleteOptions { GracePeriodSeconds = 0 }, cancellationToken);
        }

        foreach (Deployment deployment in deployments)
        {
            await RunAsync(deployment, [.. pods.Where(pod => pod.ControllerOwner()?.Uid == deployment.Uid() && !pod.IsDeleting())], cancellationToken);
        }

        await RegisterAsync(sets, pods, cancellationToken);
        IReadOnlyList<PersistentVolumeClaim> claims = await _objects.AllAsync<PersistentVolumeClaim>(cancellationToken);
        foreach (PersistentVolumeClaim claim in claims)
        {
            await RunAsync(claim, cancellationToken);
        }

        foreach (StatefulSet? set in sets.Where(static set => !set.IsDeleting()))
        {
            await AdoptAsync(set, pods, cancellationToken);
            await ClaimAsync(set, claims, cancellationToken);
            await RunAsync(set, [.. pods.Where(pod => pod.ControllerOwner()?.Uid == set.Uid() && !pod.IsDeleting())], cancellationToken);
        }

        HashSet<string> ready = pods.Where(static pod => IsReady(pod) && !pod.IsDeleting()).Select(static pod => pod.Name()).ToHashSet(StringComparer.Ordinal);
        _everReady.ExceptWith(_letGo);
        MostAway = Math.Max(MostAway, _everReady.Count(name => !ready.Contains(name)));
        _everReady.UnionWith(ready);
        _everReady.ExceptWith(_letGo);
        _letGo.Clear();
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
            else if (NameServerRefusal is null)
            {
                await _objects.CreateAsync(Make(deployment, name), cancellationToken);
            }
        }

        HashSet<string> wanted = [.. Enumerable.Range(0, replicas).Select(i => string.Create(CultureInfo.InvariantCulture, $"{deployment.Name()}-{i}"))];

        // One that has ended is nobody's business any more, as with the real ReplicaSet.
        foreach (Pod surplus in pods.Where(pod => !wanted.Contains(pod.Name()) && pod.Status?.Phase != "Failed"))
        {
            await _objects.DeleteAsync(surplus, null, cancellationToken);
        }

        int ready = pods.Count(pod => wanted.Contains(pod.Name()) && IsReady(pod)) + OldNameServers;
        string? refusal = deployment.Status?.Conditions?.Find(static condition => condition.Type == "ReplicaFailure")?.Message;
        if (deployment.Status is { } status && status.ObservedGeneration == deployment.Metadata.Generation && status.ReadyReplicas == ready && status.Replicas == all && refusal == NameServerRefusal)
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
            Conditions = NameServerRefusal is { } words ? [new WorkloadCondition { Type = "ReplicaFailure", Status = "True", Reason = "FailedCreate", Message = words }] : null,
        };
        await _objects.ReplaceStatusAsync(deployment, cancellationToken);
    }

    /// <summary>As the real controller: what the set would have made itself and nobody owns becomes its own.</summary>
    private async Task AdoptAsync(StatefulSet set, IReadOnlyList<Pod> pods, CancellationToken cancellationToken)
    {
        Pod[] orphans = [.. pods.Where(pod => pod.ControllerOwner() is null && !pod.IsDeleting() && set.Spec!.Selector!.MatchLabels!.All(label => pod.Label(label.Key) == label.Value))];

        // Read again before, as the real one does: what a set that has just gone adopts goes with it.
        if (orphans.Length == 0 || await _client.GetAsync<StatefulSet>(set.Name(), set.Namespace(), cancellationToken) is not { } live || live.Uid() != set.Uid() || live.IsDeleting())
        {
            return;
        }

        foreach (Pod orphan in orphans)
        {
            orphan.Metadata.OwnerReferences = [.. orphan.Metadata.OwnerReferences ?? [], set.AsControllerReference()];
            await _objects.ReplaceAsync(orphan, cancellationToken);
        }
    }

    /// <summary>A claim for each member, which outlives it. One that is to go with its set belongs to it; the real controller takes that back in its own time when it is no longer to, and this one never does.</summary>
    private async Task ClaimAsync(StatefulSet set, IReadOnlyList<PersistentVolumeClaim> claims, CancellationToken cancellationToken)
    {
        bool goWithIt = GoWithIt(set);
        OwnerReference owner = new() { ApiVersion = set.ApiVersion, Kind = set.Kind, Name = set.Name(), Uid = set.Uid() };
        foreach (PersistentVolumeClaim template in set.Spec!.VolumeClaimTemplates!)
        {
            for (int ordinal = 0; ordinal < set.Spec.Replicas; ordinal++)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"{template.Name()}-{set.Name()}-{ordinal}");
                if (claims.FirstOrDefault(claim => claim.Name() == name) is { } claim)
                {
                    // Read again before: whoever has let claims go since must not find them bound again.
                    if (goWithIt && claim.Metadata.OwnerReferences?.Exists(other => other.Uid == owner.Uid) != true
                        && await _client.GetAsync<StatefulSet>(set.Name(), set.Namespace(), cancellationToken) is { } live && live.Uid() == owner.Uid && !live.IsDeleting() && GoWithIt(live))
                    {
                        claim.Metadata.OwnerReferences = [.. claim.Metadata.OwnerReferences ?? [], owner];
                        await _objects.ReplaceAsync(claim, cancellationToken);
                    }
                }
                else
                {
                    await _objects.CreateAsync(
                        new PersistentVolumeClaim
                        {
                            Metadata = new ObjectMeta { Name = name, Namespace = set.Namespace(), Labels = new(set.Spec.Selector!.MatchLabels!, StringComparer.Ordinal), OwnerReferences = goWithIt ? [owner] : null },
                            Spec = template.Spec,
                        },
                        cancellationToken);
                }
            }
        }
    }

    private static bool GoWithIt(StatefulSet set) => set.Spec!.PersistentVolumeClaimRetentionPolicy?.WhenDeleted == nameof(StorageDeletionPolicy.Delete);

    private async Task RunAsync(PersistentVolumeClaim claim, CancellationToken cancellationToken)
    {
        if (claim.IsDeleting())
        {
            return;
        }

        Quantity wanted = claim.Spec!.Resources!.Requests!["storage"];
        if (claim.Status is { Phase: "Bound" } && (claim.Status.Capacity?["storage"] == wanted || !Grows(claim)))
        {
            return;
        }

        claim.Status = new PersistentVolumeClaimStatus { Phase = "Bound", AccessModes = claim.Spec.AccessModes, Capacity = new(StringComparer.Ordinal) { ["storage"] = wanted } };
        await _objects.ReplaceStatusAsync(claim, cancellationToken);
    }

    private string AddressOf(string pod)
    {
        if (KeepsAddresses && _kept.TryGetValue(pod, out string? known))
        {
            return known;
        }

        return _kept[pod] = string.Create(CultureInfo.InvariantCulture, $"10.1.{++_addresses / 250}.{(_addresses % 250) + 1}");
    }

    private async Task RunAsync(StatefulSet set, Pod[] pods, CancellationToken cancellationToken)
    {
        // Of the sorted fields, as the real one: two templates that say the same are one revision.
        string revision = $"{set.Name()}-{CanonicalJson.Hash(JsonSerializer.SerializeToNode(set.Spec!.Template, TemplateJson)!)[..10]}";
        for (int ordinal = 0; ordinal < set.Spec.Replicas; ordinal++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{set.Name()}-{ordinal}");
            if (Array.Find(pods, pod => pod.Name() == name) is { } pod)
            {
                await RunAsync(pod, Healthy(pod), cancellationToken);
            }
            else if (Makes(name))
            {
                Pod made = Make(set, name, revision);
                made.Spec!.NodeName = Node(made);
                await _objects.CreateAsync(made, cancellationToken);
                Started.Enqueue(name);
            }
            else if (Refuses(name) is { } words)
            {
                await _refusals.TellAsync(set, name, words, cancellationToken);
            }
        }

        foreach (Pod pod in pods.Where(pod => int.Parse(pod.Name()[(set.Name().Length + 1)..], CultureInfo.InvariantCulture) >= set.Spec.Replicas))
        {
            // Noted before: the operator, and a test with it, may see that it is gone before this goes on. Once, should the round break off and another let it go.
            if (_letGo.Add(pod.Name()))
            {
                Left.Enqueue(pod.Name());
            }

            await _objects.DeleteAsync(pod, null, cancellationToken);
        }

        int ready = pods.Count(IsReady);
        if (set.Status is not { } status || status.ObservedGeneration != set.Metadata.Generation || status.UpdateRevision != revision || status.Replicas != pods.Length || status.ReadyReplicas != ready)
        {
            set.Status = new StatefulSetStatus { ObservedGeneration = set.Metadata.Generation, Replicas = pods.Length, ReadyReplicas = ready, UpdateRevision = revision, CurrentRevision = revision };
            await _objects.ReplaceStatusAsync(set, cancellationToken);
        }
    }

    private static readonly JsonSerializerOptions TemplateJson = new() { TypeInfoResolver = KubernetesJsonContext.Default };

    private async Task RunAsync(Pod pod, bool ready, CancellationToken cancellationToken)
    {
        if (pod.Status?.PodIP is not null && IsReady(pod) == ready)
        {
            return;
        }

        string address = pod.Status?.PodIP ?? AddressOf(pod.Name());
        if (pod.Status?.PodIP is null)
        {
            // What was changed live is forgotten with the process.
            _admin.Start($"{address}:10911", await FilesAsync(pod, cancellationToken));
        }

        pod.Status = new PodStatus
        {
            Phase = "Running",
            PodIP = address,
            Conditions = [new PodCondition { Type = "Ready", Status = ready ? "True" : "False", LastTransitionTime = DateTimeOffset.FromUnixTimeSeconds(Time.GetUtcNow().ToUnixTimeSeconds()) }],
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
        pod.Status = ready ? pod.Status : Sick(pod.Status);
        await _objects.ReplaceStatusAsync(pod, cancellationToken);
    }

    /// <summary>What a broker of the pod starts with: its own file, and what goes over it.</summary>
    private async Task<IEnumerable<KeyValuePair<string, string>>> FilesAsync(Pod pod, CancellationToken cancellationToken)
    {
        List<KeyValuePair<string, string>> keys = [];
        foreach (string name in pod.Spec!.Volumes!.Select(static volume => volume.ConfigMap?.Name).OfType<string>())
        {
            ConfigMap? map = await _client.GetAsync<ConfigMap>(name, pod.Namespace(), cancellationToken);
            foreach ((string file, string text) in map?.Data ?? [])
            {
                if (file == $"{pod.Name()}.conf" || file == "live.conf")
                {
                    keys.AddRange(JavaPropertiesParser.Parse(text, file, []).Select(static entry => KeyValuePair.Create(entry.Key, entry.Value)));
                }
            }
        }

        // The environment goes before files.
        foreach (EnvVar variable in pod.Spec.Containers!.SelectMany(static container => container.Env ?? []))
        {
            if (variable.ValueFrom?.ConfigMapKeyRef is { } reference && (await _client.GetAsync<ConfigMap>(reference.Name, pod.Namespace(), cancellationToken))?.Data?.GetValueOrDefault(reference.Key) is { } value)
            {
                keys.Add(KeyValuePair.Create(variable.Name["ROCKETOPS_".Length..], value));
            }
        }

        return keys;
    }

    private async Task RegisterAsync(IReadOnlyList<StatefulSet> sets, IReadOnlyList<Pod> pods, CancellationToken cancellationToken)
    {
        Dictionary<string, Dictionary<long, string>> registered = new(StringComparer.Ordinal);
        foreach (Pod? pod in pods.Where(Registers))
        {
            StatefulSet? set = sets.FirstOrDefault(set => set.Uid() == pod.ControllerOwner()?.Uid);
            if (set is not null)
            {
                Dictionary<long, string> brokers = registered.TryGetValue(set.Name(), out Dictionary<long, string>? known) ? known : registered[set.Name()] = [];
                (long Id, string Address)? registration = Registration is null ? null : await Registration(pod.Name(), cancellationToken);
                (long id, string address) = registration ?? (long.Parse(pod.Name()[(set.Name().Length + 1)..], CultureInfo.InvariantCulture), $"{pod.Status!.PodIP}:10911");
                brokers[id] = address;
                if (registration is not null && id == 0)
                {
                    foreach (string member in pods.Where(other => other.ControllerOwner()?.Uid == set.Uid()).Select(static other => other.Status?.PodIP).OfType<string>())
                    {
                        _admin.CopyOf[$"{member}:10911"] = address;
                    }
                }
            }
        }

        _admin.Register(registered);
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
