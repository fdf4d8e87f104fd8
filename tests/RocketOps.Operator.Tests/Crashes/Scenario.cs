using System.Text.Json.Nodes;
using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>A change of what is asked for, and the way back. Each direction returns when the operator says that it is done.</summary>
internal abstract class Scenario
{
    /// <summary>What is there before the change.</summary>
    public abstract Task PrepareAsync(CrashWorld world);

    public abstract Task ForwardAsync(CrashWorld world);

    public abstract Task BackwardAsync(CrashWorld world);

    public static Scenario Of(string name) => name switch
    {
        nameof(Lifetime) => new Lifetime(),
        nameof(ConfigRoll) => new ConfigRoll(),
        nameof(LiveConfigChange) => new LiveConfigChange(),
        nameof(Groups) => new Groups(),
        nameof(Members) => new Members(),
        nameof(Volumes) => new Volumes(),
        nameof(Queues) => new Queues(),
        nameof(TopicMoved) => new TopicMoved(),
        nameof(HandOver) => new HandOver(),
        nameof(ElectedGroupResized) => new ElectedGroupResized(),
        nameof(FailedRoll) => new FailedRoll(),
        nameof(Recreated) => new Recreated(),
        nameof(MasterLost) => new MasterLost(),
        _ => throw new ArgumentException(name, nameof(name)),
    };

    /// <summary>One group: more of them take longer and write the same.</summary>
    protected static Task MasterAndSlaveAsync(CrashWorld world) => world.CreateClusterAsync(static spec => spec.Brokers.Replicas = 2);

    /// <summary>The volumes that are there, by name.</summary>
    protected static async Task<string[]> ClaimsAsync(CrashWorld world) =>
        [.. (await world.Client.ListAsync<PersistentVolumeClaim>(new ListOptions { Namespace = world.Ns })).Items.Select(static claim => $"{claim.Name()} {claim.Uid()}").Order(StringComparer.Ordinal)];

    /// <summary>A cluster and a topic are made, and deleted.</summary>
    private sealed class Lifetime : Scenario
    {
        public override Task PrepareAsync(CrashWorld world) => Task.CompletedTask;

        public override async Task ForwardAsync(CrashWorld world)
        {
            await MasterAndSlaveAsync(world);
            await world.CreateTopicAsync(static spec => spec.DeletionPolicy = DeletionPolicy.DeleteIfDrained);
            await world.ClusterReadyAsync();
            await world.TopicReadyAsync();
        }

        public override async Task BackwardAsync(CrashWorld world)
        {
            await world.Client.DeleteAsync<Topic>("t", world.Ns);
            await world.GoneAsync<Topic>();
            await world.Client.DeleteAsync<BrokerCluster>("a", world.Ns);
            await world.GoneAsync<BrokerCluster>();
            await world.GoneAsync<Pod>();
            await world.GoneAsync<StatefulSet>();
            await world.GoneAsync<Service>();
        }
    }

    /// <summary>Every broker restarts.</summary>
    private sealed class ConfigRoll : Scenario
    {
        public override async Task PrepareAsync(CrashWorld world)
        {
            await MasterAndSlaveAsync(world);
            await world.ClusterReadyAsync();
        }

        public override async Task ForwardAsync(CrashWorld world)
        {
            await world.ChangeClusterAsync(static spec => spec.Brokers.Config = new() { ["flushDiskType"] = "SYNC_FLUSH" });
            await RolledAsync(world);
        }

        public override async Task BackwardAsync(CrashWorld world)
        {
            await world.ChangeClusterAsync(static spec => spec.Brokers.Config = null);
            await RolledAsync(world);
        }

        private static async Task RolledAsync(CrashWorld world)
        {
            await world.ClusterReadyAsync();
            world.Workloads.MostAway.Should().BeLessThanOrEqualTo(1, "one restarts at a time");
        }
    }

    /// <summary>An image that does not start is asked for, in two groups, and what ran again.</summary>
    private sealed class FailedRoll : Scenario
    {
        private const string Bad = "test/borker:1";

        public override async Task PrepareAsync(CrashWorld world)
        {
            world.Workloads.Healthy = static pod => pod.Spec!.Containers![0].Image != Bad;
            await world.CreateClusterAsync(static spec => (spec.Brokers.Groups, spec.Brokers.Replicas) = (2, 2));
            await world.ClusterReadyAsync();
        }

        public override async Task ForwardAsync(CrashWorld world)
        {
            await world.ChangeClusterAsync(static spec => spec.Brokers.Image = Bad);
            await world.WaitAsync(
                async () => await world.Client.GetAsync<BrokerCluster>("a", world.Ns) is { } cluster && cluster.Status?.ObservedGeneration == cluster.Metadata.Generation
                    && Conditions.Find(cluster.Status?.Conditions, "Stalled") is { Status: "True", Reason: "RolloutFailing" }
                    && cluster.Status!.Brokers == "4/4",
                "it has failed, and every pod runs what ran");
        }

        public override async Task BackwardAsync(CrashWorld world)
        {
            await world.ChangeClusterAsync(static spec => spec.Brokers.Image = null);
            await world.ClusterReadyAsync();
        }
    }

    /// <summary>Keys that running brokers take come, change and go, beside one that restarts them.</summary>
    private sealed class LiveConfigChange : Scenario
    {
        public override async Task PrepareAsync(CrashWorld world)
        {
            await world.CreateClusterAsync(static spec => (spec.Brokers.Replicas, spec.Brokers.Config) = (2, new() { ["maxParkedPulls"] = "100", ["regionId"] = "Mars" }));
            await world.ClusterReadyAsync();
        }

        public override Task ForwardAsync(CrashWorld world) => ToAsync(world, new() { ["maxParkedPulls"] = "200", ["traceOn"] = "false", ["flushDiskType"] = "SYNC_FLUSH" });

        public override Task BackwardAsync(CrashWorld world) => ToAsync(world, new() { ["maxParkedPulls"] = "100", ["regionId"] = "Mars" });

        private static async Task ToAsync(CrashWorld world, Dictionary<string, string> config)
        {
            await world.ChangeClusterAsync(spec => spec.Brokers.Config = config);
            await world.ClusterReadyAsync();
        }
    }

    /// <summary>A group comes and is drained. Its claims would go with its set, and stay.</summary>
    private sealed class Groups : Scenario
    {
        public override async Task PrepareAsync(CrashWorld world)
        {
            await world.CreateClusterAsync(static spec => (spec.Brokers.Replicas, spec.Brokers.Storage.DeletionPolicy) = (2, StorageDeletionPolicy.Delete));
            await world.CreateTopicAsync();
            await world.ClusterReadyAsync();
            await world.TopicReadyAsync();

            // What nobody made an object for is to be on the group that comes, too.
            string master = world.Admin.Registered!["a-0"][0];
            world.Admin.Put(master, new TopicConfig { Name = "plain", ReadQueues = 3, WriteQueues = 3 });
            world.Admin.Put(master, new SubscriptionGroupConfig { Name = "billing" });
            await world.WaitAsync(async () => (await world.Client.GetAsync<BrokerCluster>("a", world.Ns))!.Status?.UnmanagedTopics?.Count == 1, "the operator has seen the topic without an object");
        }

        public override Task ForwardAsync(CrashWorld world) => ToAsync(world, 2);

        public override async Task BackwardAsync(CrashWorld world)
        {
            string[] leaving = [.. world.Admin.Registered!["a-1"].Values];
            string[] claims = await ClaimsAsync(world);
            await ToAsync(world, 1);
            await world.QuietAsync();
            (await ClaimsAsync(world)).Should().Equal(claims, "raising brokers.groups takes them up again");

            // It comes with new volumes next time.
            foreach (string address in leaving)
            {
                world.Admin.Empty(address);
            }
        }

        private static async Task ToAsync(CrashWorld world, int groups)
        {
            await world.ChangeClusterAsync(spec => spec.Brokers.Groups = groups);
            await world.ClusterReadyAsync();
            await world.WaitAsync(async () => (await world.Client.GetAsync<Topic>("t", world.Ns))!.Status?.Brokers?.Count == groups, "the topic is on every group");
            await world.TopicReadyAsync();
        }
    }

    /// <summary>A member comes and leaves.</summary>
    private sealed class Members : Scenario
    {
        public override async Task PrepareAsync(CrashWorld world)
        {
            await MasterAndSlaveAsync(world);
            await world.ClusterReadyAsync();
        }

        public override Task ForwardAsync(CrashWorld world) => ToAsync(world, 3);

        public override Task BackwardAsync(CrashWorld world) => ToAsync(world, 2);

        private static async Task ToAsync(CrashWorld world, int members)
        {
            await world.ChangeClusterAsync(spec => spec.Brokers.Replicas = members);
            await world.ClusterReadyAsync();
        }
    }

    /// <summary>Volumes grow while a template is as nobody but its set has it, and no pod restarts. There is no way back but a new cluster.</summary>
    private sealed class Volumes : Scenario
    {
        public override async Task PrepareAsync(CrashWorld world)
        {
            await MasterAndSlaveAsync(world);
            await world.ClusterReadyAsync();
        }

        public override async Task ForwardAsync(CrashWorld world)
        {
            WritePlan? plan = world.Plan;
            world.Plan = null;
            await RestartedAsync(world);
            world.Plan = plan;
            string[] before = await PodsAsync(world);
            await world.ChangeClusterAsync(static spec => spec.Brokers.Storage.Size = Quantity.Parse("30Gi"));
            await world.ClusterReadyAsync();
            (await PodsAsync(world)).Should().Equal(before, $"brokers run on while their volumes grow; {(world.Plan as FateOfOne)?.Write}, written: {world.Written}");
        }

        public override async Task BackwardAsync(CrashWorld world)
        {
            world.Plan = null;

            // Whoever notices late that a cluster has gone makes its set once more, and that claims: nothing is made for a paused one.
            await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new(StringComparer.Ordinal) { [ClusterAnnotations.Paused] = "true" });
            await world.WaitAsync(async () => Conditions.IsTrue((await world.Client.GetAsync<BrokerCluster>("a", world.Ns))!.Status?.Conditions, "Paused"), "the operator has paused");
            await world.Client.DeleteAsync<BrokerCluster>("a", world.Ns);
            await world.GoneAsync<BrokerCluster>();
            for (int calm = 0; calm < 3;)
            {
                int rounds = world.Workloads.Rounds;
                await world.WaitAsync(() => Task.FromResult(world.Workloads.Rounds >= rounds + 2), "the play has looked");
                ListOptions here = new() { Namespace = world.Ns };
                IReadOnlyList<PersistentVolumeClaim> claims = (await world.Client.ListAsync<PersistentVolumeClaim>(here)).Items;
                foreach (PersistentVolumeClaim claim in claims)
                {
                    await world.Client.DeleteAsync<PersistentVolumeClaim>(claim.Name(), world.Ns);
                }

                bool isEmpty = claims.Count == 0 && (await world.Client.ListAsync<StatefulSet>(here)).Items.Count == 0 && (await world.Client.ListAsync<Pod>(here)).Items.Count == 0;
                calm = isEmpty ? calm + 1 : 0;
            }

            await PrepareAsync(world);
        }

        /// <summary>As <c>kubectl rollout restart</c> does it.</summary>
        private static async Task RestartedAsync(CrashWorld world)
        {
            JsonObject patch = JsonNode.Parse("""{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"2026-01-01T00:00:00Z"}}}}}""")!.AsObject();
            await world.Client.PatchAsync<StatefulSet>("a-0", world.Ns, KubernetesPatch.Merge(patch));
            await world.WaitAsync(
                async () => (await world.Client.ListAsync<Pod>(new ListOptions { Namespace = world.Ns, LabelSelector = "rocketops.io/group=a-0" })).Items is { Count: 2 } pods
                    && pods.All(static pod => pod.Annotation("kubectl.kubernetes.io/restartedAt") is not null),
                "the brokers restarted");
            await world.QuietAsync();
            await world.ClusterReadyAsync();
        }

        private static async Task<string[]> PodsAsync(CrashWorld world) =>
            [.. (await world.Client.ListAsync<Pod>(new ListOptions { Namespace = world.Ns })).Items.Select(static pod => $"{pod.Name()} {pod.Uid()} {pod.Label("controller-revision-hash")} {pod.Annotation("kubectl.kubernetes.io/restartedAt")}").Order(StringComparer.Ordinal)];
    }

    /// <summary>A topic gets more queues, and fewer.</summary>
    private sealed class Queues : Scenario
    {
        public override async Task PrepareAsync(CrashWorld world)
        {
            await MasterAndSlaveAsync(world);
            await world.CreateTopicAsync(static spec => (spec.ReadQueues, spec.WriteQueues) = (4, 4));
            await world.ClusterReadyAsync();
            await world.TopicReadyAsync();
        }

        public override Task ForwardAsync(CrashWorld world) => ToAsync(world, 8);

        public override Task BackwardAsync(CrashWorld world) => ToAsync(world, 4);

        private static async Task ToAsync(CrashWorld world, int queues)
        {
            await world.ChangeTopicAsync(spec => (spec.ReadQueues, spec.WriteQueues) = (queues, queues));
            await world.TopicReadyAsync();
        }
    }

    /// <summary>An ordered topic moves from one group to another, and loses its order.</summary>
    private sealed class TopicMoved : Scenario
    {
        public override async Task PrepareAsync(CrashWorld world)
        {
            await world.CreateClusterAsync(static spec => spec.Brokers.Groups = 2);
            await world.CreateTopicAsync(static spec => (spec.ReadQueues, spec.Order, spec.Groups) = (4, true, [0]));
            await world.ClusterReadyAsync();
            await world.TopicReadyAsync();
        }

        public override Task ForwardAsync(CrashWorld world) => ToAsync(world, 1, false);

        public override Task BackwardAsync(CrashWorld world) => ToAsync(world, 0, true);

        private static async Task ToAsync(CrashWorld world, int group, bool order)
        {
            await world.ChangeTopicAsync(spec => (spec.Groups, spec.Order) = ([group], order));
            await world.TopicReadyAsync();
        }
    }

    /// <summary>A member comes to a group that elects its master, leads it, and leaves.</summary>
    private sealed class ElectedGroupResized : Scenario
    {
        public override async Task PrepareAsync(CrashWorld world)
        {
            world.PlayElections();
            await world.CreateClusterAsync(static spec =>
            {
                spec.Brokers.Replicas = 2;
                spec.Replication.Mode = ReplicationMode.Sync;
                spec.Replication.Failover = FailoverMode.Automatic;
            });
            await world.ClusterReadyAsync();
        }

        public override Task ForwardAsync(CrashWorld world) => ToAsync(world, 3);

        public override async Task BackwardAsync(CrashWorld world)
        {
            await world.ChangeAsync<Lease>("a-0", static lease => lease.Metadata.Annotations!["rocketops.io/hand-over-to"] = "a-0-2");
            await world.WaitAsync(async () => (await world.Client.GetAsync<Lease>("a-0", world.Ns))!.Spec?.HolderIdentity == "a-0-2", "the one that is to go leads");
            await ToAsync(world, 2);
        }

        private static async Task ToAsync(CrashWorld world, int members)
        {
            await world.ChangeClusterAsync(spec => spec.Brokers.Replicas = members);
            await world.ClusterReadyAsync();
            world.Elected["a-0"].Deposed.Should().BeEmpty("no master's pod goes while it leads");
            world.Elected["a-0"].Forgetful.Should().BeEmpty("who is in sync counts for everybody");
        }
    }

    /// <summary>Members of a group that elects its master restart, its master last and after it has handed over.</summary>
    private sealed class HandOver : Scenario
    {
        public override async Task PrepareAsync(CrashWorld world)
        {
            world.PlayElections();
            await world.CreateClusterAsync(static spec =>
            {
                spec.Brokers.Replicas = 3;
                spec.Replication.Mode = ReplicationMode.Sync;
                spec.Replication.MinInSync = 2;
                spec.Replication.Failover = FailoverMode.Automatic;
            });
            await world.ClusterReadyAsync();
        }

        public override Task ForwardAsync(CrashWorld world) => ToAsync(world, new() { ["flushDiskType"] = "SYNC_FLUSH" });

        public override Task BackwardAsync(CrashWorld world) => ToAsync(world, null);

        private static async Task ToAsync(CrashWorld world, Dictionary<string, string>? config)
        {
            await world.ChangeClusterAsync(spec => spec.Brokers.Config = config);
            await world.ClusterReadyAsync();
            world.Elected["a-0"].Deposed.Should().BeEmpty("no master's pod goes while it leads");
        }
    }

    /// <summary>A cluster whose group elects its master is deleted and applied again at once, with another configuration: what its members wrote stays theirs.</summary>
    private sealed class Recreated : Scenario
    {
        public override Task PrepareAsync(CrashWorld world)
        {
            world.PlayElections();
            return ApplyAsync(world, null);
        }

        public override Task ForwardAsync(CrashWorld world) => AgainAsync(world, new() { ["flushDiskType"] = "SYNC_FLUSH" });

        public override Task BackwardAsync(CrashWorld world) => AgainAsync(world, null);

        private static async Task AgainAsync(CrashWorld world, Dictionary<string, string>? config)
        {
            string[] before = await ClaimsAsync(world);
            await world.Client.DeleteAsync<BrokerCluster>("a", world.Ns);
            await world.GoneAsync<BrokerCluster>();
            await ApplyAsync(world, config);
            (await ClaimsAsync(world)).Should().Equal(before, "its volumes are those it had");
            world.Elected["a-0"].Forgetful.Should().BeEmpty("who is in sync counts for everybody");
        }

        private static async Task ApplyAsync(CrashWorld world, Dictionary<string, string>? config)
        {
            await world.CreateClusterAsync(spec =>
            {
                spec.Brokers.Replicas = 2;
                spec.Brokers.Config = config;
                spec.Replication.Mode = ReplicationMode.Sync;
                spec.Replication.Failover = FailoverMode.Automatic;
            });
            await world.ClusterReadyAsync();
        }
    }

    /// <summary>The pod of a group's master is lost while another member restarts.</summary>
    private sealed class MasterLost : Scenario
    {
        private readonly List<string> _lost = [];

        public override async Task PrepareAsync(CrashWorld world)
        {
            world.PlayElections();
            await world.CreateClusterAsync(static spec =>
            {
                spec.Brokers.Replicas = 3;
                spec.Replication.Mode = ReplicationMode.Sync;
                spec.Replication.Failover = FailoverMode.Automatic;
            });
            await world.ClusterReadyAsync();
        }

        public override Task ForwardAsync(CrashWorld world) => ToAsync(world, new() { ["flushDiskType"] = "SYNC_FLUSH" });

        public override Task BackwardAsync(CrashWorld world) => ToAsync(world, null);

        private async Task ToAsync(CrashWorld world, Dictionary<string, string>? config)
        {
            world.Workloads.Makes = static _ => false;
            await world.ChangeClusterAsync(spec => spec.Brokers.Config = config);
            await world.WaitAsync(async () => (await world.Client.ListAsync<Pod>(new ListOptions { Namespace = world.Ns, LabelSelector = "rocketops.io/group=a-0" })).Items.Count == 2, "one restarts");
            string lost = await MasterAsync(world);
            _lost.Add(lost);
            await world.Client.DeleteAsync<Pod>(lost, world.Ns);
            await world.WaitAsync(async () => await MasterAsync(world) != lost, "another one leads");
            world.Workloads.Makes = static _ => true;
            await world.ClusterReadyAsync();
            world.Elected["a-0"].Deposed.Should().Equal(_lost, "no other master's pod goes while it leads");
            world.Elected["a-0"].Forgetful.Should().BeEmpty("who is in sync counts for everybody");
        }

        private static async Task<string> MasterAsync(CrashWorld world) => (await world.Client.GetAsync<Lease>("a-0", world.Ns))!.Spec!.HolderIdentity!;
    }
}
