using System.Globalization;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>One spec on the way, with the pause of its cluster and a second topic that comes and goes.</summary>
internal sealed record SpecWalk(int Groups, int Replicas, int NameServers, bool Sync, int IdleSeconds, bool Labelled, int Cpu, int Queues)
{
    public const int MostGroups = 2;

    /// <summary>Its groups elect their masters: they do so for good.</summary>
    public bool Elected { get; init; }

    /// <summary>Of the volumes, GiB: they grow, and never shrink.</summary>
    public int Size { get; init; } = 10;

    /// <summary>Of the nodes brokers may run on; null for any.</summary>
    public string? Zone { get; init; }

    public bool Tolerates { get; init; }

    public bool Paused { get; init; }

    /// <summary>Of a key that brokers take while they run; null while nobody asks for it.</summary>
    public int? ParkedPulls { get; init; }

    /// <summary>Queues of the second topic; 0 while there is none.</summary>
    public int SecondQueues { get; init; }

    /// <summary>Of the first topic: the one group it is on; null for all.</summary>
    public int? Only { get; init; }

    /// <summary>Of the first topic.</summary>
    public bool Order { get; init; }

    /// <summary>Nobody could take over from a group's only member.</summary>
    private int FewestReplicas => Elected ? 2 : 1;

    public static SpecWalk First(Random random, bool elected) => new(1, (elected ? 2 : 1) + random.Next(2), 1, false, 48, false, 100, 4) { Elected = elected };

    /// <summary>Another value for one or two of its fields.</summary>
    public SpecWalk Next(Random random)
    {
        SpecWalk next = this;
        for (int edits = 1 + random.Next(2); edits > 0; edits--)
        {
            next = random.Next(16) switch
            {
                0 => next with { Groups = 1 + random.Next(MostGroups), Only = null },
                1 => next with { Replicas = FewestReplicas + random.Next(3) },
                2 => next with { NameServers = 1 + random.Next(2) },
                3 => next with { Sync = !next.Sync },
                4 => next with { IdleSeconds = 24 + random.Next(3) * 24 },
                5 => next with { Labelled = !next.Labelled },
                6 => next with { Cpu = 100 * (1 + random.Next(3)) },
                7 => next with { Size = Math.Min(40, next.Size + 10) },
                8 => next with { Zone = random.Next(3) switch { 0 => null, 1 => "zone-a", _ => "zone-b" } },
                9 => next with { Tolerates = !next.Tolerates },
                10 => next with { Paused = !next.Paused },
                11 => next with { SecondQueues = 4 * random.Next(3) },
                12 => next with { ParkedPulls = random.Next(3) switch { 0 => null, 1 => 100, _ => 200 } },
                13 => next with { Order = !next.Order },
                14 => next with { Only = random.Next(3) == 0 ? null : random.Next(next.Groups) },
                _ => next with { Queues = 4 * (1 + random.Next(2)) },
            };
        }

        return next;
    }

    public void Apply(BrokerCluster cluster)
    {
        Apply(cluster.Spec);
        Dictionary<string, string> annotations = new(cluster.Metadata.Annotations ?? [], StringComparer.Ordinal);
        annotations.Remove(ClusterAnnotations.Paused);
        if (Paused)
        {
            annotations[ClusterAnnotations.Paused] = "true";
        }

        cluster.Metadata.Annotations = annotations.Count > 0 ? annotations : null;
    }

    public void Apply(BrokerClusterSpec spec)
    {
        (spec.Brokers.Groups, spec.Brokers.Replicas, spec.NameServer.Replicas) = (Groups, Replicas, NameServers);
        (spec.Replication.Mode, spec.Replication.Failover) = Elected ? (ReplicationMode.Sync, FailoverMode.Automatic) : (ReplicationMode.Async, FailoverMode.None);
        spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = IdleSeconds.ToString(CultureInfo.InvariantCulture), ["flushDiskType"] = Sync ? "SYNC_FLUSH" : "ASYNC_FLUSH" };
        if (ParkedPulls is { } parked)
        {
            spec.Brokers.Config["maxParkedPulls"] = parked.ToString(CultureInfo.InvariantCulture);
        }

        spec.Brokers.Pod = Labelled || Tolerates || Zone is not null
            ? new PodOptions
            {
                Labels = Labelled ? new() { ["team"] = "a" } : null,
                NodeSelector = Zone is { } zone ? new() { ["topology.kubernetes.io/zone"] = zone } : null,
                Tolerations = Tolerates ? [new Toleration { Key = "brokers", Operator = "Exists", Effect = "NoSchedule" }] : null,
            }
            : null;
        spec.Brokers.Resources = new ResourcesSpec { Requests = new() { ["cpu"] = Quantity.Parse(string.Create(CultureInfo.InvariantCulture, $"{Cpu}m")), ["memory"] = Quantity.Parse("256Mi") } };
        spec.Brokers.Storage.Size = Quantity.Parse(string.Create(CultureInfo.InvariantCulture, $"{Size}Gi"));
    }

    public void Apply(TopicSpec spec)
    {
        (spec.ReadQueues, spec.WriteQueues, spec.Order, spec.Groups) = (Queues, Queues, Order, Only is { } only ? [only] : null);
        Adopt(spec);
    }

    public void ApplySecond(TopicSpec spec)
    {
        (spec.ReadQueues, spec.WriteQueues, spec.DeletionPolicy) = (SecondQueues, SecondQueues, DeletionPolicy.Delete);
        Adopt(spec);
    }

    /// <summary>A group that comes back with its claims keeps what it had (docs/operate.md): topics that were changed meanwhile become as asked for only where they may be adopted.</summary>
    private static void Adopt(TopicSpec spec) => spec.AdoptionPolicy = AdoptionPolicy.Adopt;
}
