using RocketOps.Embedded;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Changes that take something away, or that cannot be honoured.</summary>
public sealed class ClusterChangesTests
{
    [Fact]
    public async Task Reconcile_FewerMembers_LastOnesLeaveOneAtATimeAndClaimsAreNamed()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => (spec.Brokers.Groups, spec.Brokers.Replicas) = (2, 3));
        await world.ClusterAsync("a", "Ready", "True");
        string?[] masters = [await UidAsync(world, "a-0-0"), await UidAsync(world, "a-1-0")];

        // A slave that stays lacks too much: nobody leaves its group.
        world.Admin.LogEnds[world.Master("a-0")] = 1_000_000_000;
        world.Admin.LogEnds[world.Admin.Registered!["a-0"][2]] = 1_000_000_000;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 1);

        BrokerCluster waiting = await world.ClusterAsync("a", "Reconciling", "True", Reasons.ScalingIn);
        await world.SaysAsync(waiting, "Ready", said => said.Should().Be("a-0 has more members than asked for; a-0-2 goes next and waits for a-0-1 to have its master's log."));
        await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => cluster.Status!.Operations is [{ Type: OperationType.ScaleIn, Group: "a-0", Phase: OperationPhase.Waiting, Since: not null }],
            "the operation waits");
        await world.PassesAsync(5);
        (await world.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns))!.Spec!.Replicas.Should().Be(3);
        world.Workloads.Left.Should().BeEmpty();

        world.Admin.LogEnds.Clear();

        BrokerCluster done = await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Left.Should().Equal("a-0-2", "a-0-1", "a-1-2", "a-1-1");
        done.Status!.Brokers.Should().Be("2/2");
        done.Status.Operations.Should().BeNull();
        (await UidAsync(world, "a-0-0")).Should().Be(masters[0], "those that stay are not restarted");
        (await UidAsync(world, "a-1-0")).Should().Be(masters[1]);
        await Eventually.TrueAsync(
            async () => (await world.Client.ListAsync<Event>(new Kubernetes.Client.ListOptions { Namespace = OperatorWorld.Ns })).Items
                .Any(static e => e.Reason == "MemberRemoved" && e.Note!.Contains("data-a-1-1 stays", StringComparison.Ordinal)),
            "an event tells that the volume stays");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        (await world.Client.GetAsync<StatefulSet>("a-1", OperatorWorld.Ns))!.Spec!.Replicas.Should().Be(2);
    }

    [Fact]
    public async Task Reconcile_MemberLetGoWhileAPassIsUnderWay_IsNotBroughtBackByIt()
    {
        await using OperatorWorld world = await ScalingInAsync();

        // A pass that saw three members writes a new configuration first; meanwhile somebody lets the last one go.
        int held = 0;
        world.Fault = call => call is { Verb: "patch", Resource: "configmaps" } && Interlocked.Exchange(ref held, 1) == 0
            ? new ApiFault { Meanwhile = () => world.ChangeAsync<StatefulSet>("a-0", static set => (set.Spec!.Replicas, set.Metadata.Annotations!["rocketops.io/members"]) = (2, "2")) }
            : null;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new(StringComparer.Ordinal) { ["fileReservedTime"] = "48" });

        await world.AwaitAsync<StatefulSet>("a-0", static set => set.Spec!.Replicas <= 2, "somebody lets one go");
        world.Admin.LogEnds.Clear();
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Left.Should().Equal("a-0-2", "a-0-1");
    }

    /// <summary>What a cluster waits for is told by a pass that comes too late for a write as well: the next one comes at once, the wait may last for hours.</summary>
    [Fact]
    public async Task Reconcile_SetChangedSinceThePassLooked_TellsWhatTheClusterWaitsFor()
    {
        await using OperatorWorld world = await ScalingInAsync();

        world.Fault = static call => call is { Verb: "patch", Resource: "statefulsets" } ? ApiFault.Fail(409, "Conflict") : null;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new(StringComparer.Ordinal) { ["flushDiskType"] = "SYNC_FLUSH" });

        BrokerCluster late = await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation, "a pass came too late");
        Conditions.Find(late.Status!.Conditions, "Ready")!.Reason.Should().Be(Reasons.ScalingIn);
        world.Fault = null;
        world.Admin.LogEnds.Clear();
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>The API server is asked once more before a member is let go, and may say that it went meanwhile, which caches do not know yet.</summary>
    [Fact]
    public async Task Reconcile_MemberGoneSinceThePassLooked_TellsThatItStopsAndNotThatAllIsReady()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");

        // Else it is not the first pass after the change that tells something first.
        await world.QuietAsync();
        int asked = 0;
        int told = 0;
        TaskCompletionSource looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Fault = call => call switch
        {
            { Verb: "list", Resource: "statefulsets", Namespace: OperatorWorld.Ns } when Interlocked.Increment(ref asked) == 1 => new ApiFault
            {
                Meanwhile = async () =>
                {
                    // As another operator does it, which has the lead since.
                    await world.ChangeAsync<StatefulSet>("a-0", static set => (set.Spec!.Replicas, set.Metadata.Annotations!["rocketops.io/members"]) = (1, "1"));
                    await world.GoneAsync<Pod>("a-0-1");
                },
            },

            // The next pass knows.
            { Verb: "patch", Resource: "brokerclusters", Subresource: "status" } when Interlocked.Increment(ref told) > 1 => new ApiFault { Meanwhile = () => looked.Task },
            _ => null,
        };
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 1);

        BrokerCluster seen = await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation, "a pass has asked, and told");
        looked.SetResult();
        seen.Status!.Brokers.Should().Be("2/2");
        Conditions.Find(seen.Status.Conditions, "Ready")!.Reason.Should().Be(Reasons.ScalingIn);
        seen.Status.Operations.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Type = OperationType.ScaleIn, Group = "a-0", Phase = OperationPhase.Stopping });
        (await world.ClusterAsync("a", "Ready", "True")).Status!.Brokers.Should().Be("1/1");
    }

    /// <summary>No annotation changes the generation, and the pass goes on with what it saw when it began.</summary>
    [Theory]
    [InlineData(ClusterAnnotations.Paused)]
    [InlineData(ClusterAnnotations.DeletionProtection)]
    public async Task Reconcile_FewerMembersAndAnnotatedSinceThePassLooked_KeepsThem(string annotation)
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        Task annotated = world.MeanwhileAsync(
            static call => call is { Verb: "list", Resource: "statefulsets", Namespace: OperatorWorld.Ns },
            () => world.ChangeAsync<BrokerCluster>("a", cluster => cluster.Metadata.Annotations = new(StringComparer.Ordinal) { [annotation] = "true" }));

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 1);

        await annotated;
        await world.PassesAsync(2);
        (await world.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns))!.Spec!.Replicas.Should().Be(2);
    }

    [Fact]
    public async Task Reconcile_FewerMembersOfAProtectedCluster_KeepsThemAndHonoursTheRest()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");

        await world.ChangeAsync<BrokerCluster>("a", static cluster =>
        {
            cluster.Metadata.Annotations = new() { ["rocketops.io/deletion-protection"] = "true" };
            cluster.Spec.Brokers.Replicas = 1;
            cluster.Spec.Brokers.TerminationGracePeriodSeconds = 61;
        });

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.DeletionProtected);
        await world.SaysAsync(stalled, "Stalled", said => said.Should().Contain("Set it back to 2"));
        StatefulSet set = await world.AwaitAsync<StatefulSet>("a-0", static set => set.Spec!.Template!.Spec!.TerminationGracePeriodSeconds == 61, "the rest is honoured");
        set.Spec!.Replicas.Should().Be(2);
        await world.AwaitAsync<Pod>("a-0-0", static pod => pod.Spec!.TerminationGracePeriodSeconds == 61, "and rolled out");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = null);
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Left.Should().Equal("a-0-1");
    }

    [Fact]
    public async Task Reconcile_Paused_ChangesNothingAndSaysSo()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { ["rocketops.io/paused"] = "true" });
        BrokerCluster paused = await world.ClusterAsync("a", "Paused", "True", Reasons.Paused);
        Conditions.IsTrue(paused.Status!.Conditions, "Ready").Should().BeTrue("all that was asked for is there");
        await world.QuietAsync();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => (cluster.Spec.Brokers.Replicas, cluster.Spec.Brokers.TerminationGracePeriodSeconds) = (1, 61));

        BrokerCluster waiting = await world.AwaitAsync<BrokerCluster>("a", static cluster => Conditions.Find(cluster.Status!.Conditions, "Ready")!.Reason == Reasons.Paused, "says that it waits");
        waiting.Status!.ObservedGeneration.Should().Be(paused.Metadata.Generation, "what came later was not worked on");
        await world.Client.DeleteAsync<Service>("a-0-master", OperatorWorld.Ns);
        await world.PassesAsync(5);
        (await world.Client.GetAsync<Service>("a-0-master", OperatorWorld.Ns)).Should().BeNull();
        world.Writes.Should().OnlyContain(static write => write == "update brokerclusters a" || write == "patch brokerclusters/status a" || write == "delete services a-0-master");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = null);
        BrokerCluster done = await world.ClusterAsync("a", "Ready", "True");
        Conditions.Find(done.Status!.Conditions, "Paused").Should().BeNull();
        done.Status.Brokers.Should().Be("1/1");
        await world.AwaitAsync<Service>("a-0-master", static _ => true, "put back");
    }

    [Fact]
    public async Task Reconcile_PausedInTheMiddleOfARoll_IsNotReadyBeforeItHasGoneOn()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        string before = await world.ConfigurationAsync("a-0-0");

        // It takes its time, and is not stuck.
        world.Workloads.Sick = KubeletWords.Starting;
        world.Workloads.Healthy = pod => OperatorWorld.Configuration(pod) == before;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = "24" });
        await world.ClusterAsync("a", "Reconciling", "True", Reasons.RollingUpdate);
        await world.AwaitAsync<Pod>("a-0-1", pod => OperatorWorld.Configuration(pod) != before, "has restarted");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { ["rocketops.io/paused"] = "true" });
        await world.ClusterAsync("a", "Paused", "True", Reasons.Paused);
        world.Workloads.Healthy = static _ => true;

        BrokerCluster waiting = await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.Brokers == "2/2", "both serve");
        Conditions.Find(waiting.Status!.Conditions, "Ready").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.Paused });
        (await world.ConfigurationAsync("a-0-0")).Should().Be(before);
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = null);
        await world.ClusterAsync("a", "Ready", "True");
        (await world.ConfigurationAsync("a-0-0")).Should().NotBe(before);
    }

    /// <summary>Programs go on with what they have, and a repair of the image is not held up by a mistake in the configuration or the storage.</summary>
    [Fact]
    public async Task Reconcile_FieldsThatCannotBeHonoured_KeepTheirValuesAndTheRestIsDone()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => (spec.Brokers.Replicas, spec.Brokers.Config) = (2, new() { ["serverChannelMaxIdleTimeSeconds"] = "48" }));
        await world.ClusterAsync("a", "Ready", "True");
        string configuration = await world.ConfigurationAsync("a-0-0");

        await world.ChangeAsync<BrokerCluster>("a", static cluster =>
        {
            cluster.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = "24", ["brokerName"] = "mine" };
            cluster.Spec.Brokers.Storage.Size = Quantity.Parse("5Gi");
            cluster.Spec.Brokers.Image = "repaired:2";
            cluster.Spec.Brokers.Groups = 2;
        });

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.InvalidConfig);
        await world.SaysAsync(stalled, "Stalled", said => said.Should().Contain("brokerName"));
        Pod pod = await world.AwaitAsync<Pod>("a-0-0", static pod => pod.Spec!.Containers![0].Image == "repaired:2", "the image is rolled out");
        OperatorWorld.Configuration(pod).Should().Be(configuration, "the configuration that runs is kept");
        (await world.Client.GetAsync<ConfigMap>(configuration, OperatorWorld.Ns)).Should().NotBeNull();
        (await world.Client.GetAsync<StatefulSet>("a-1", OperatorWorld.Ns)).Should().BeNull("a new group would have the configuration that is not taken");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => (cluster.Spec.Brokers.Config, cluster.Spec.Brokers.Storage.Size) = (null, Quantity.Parse("10Gi")));
        await world.ClusterAsync("a", "Ready", "True");
        (await world.ConfigurationAsync("a-0-0")).Should().NotBe(configuration);
        (await world.Client.GetAsync<StatefulSet>("a-1", OperatorWorld.Ns)).Should().NotBeNull();
    }

    /// <summary>What a broker would refuse to start with is refused before a pod is touched, in its words; with somebody's own image, which may be of another version, the broker says it.</summary>
    [Fact]
    public async Task Reconcile_ConfigNoBrokerWouldTake_SaysSoBeforeAPodIsTouched()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Clear();

        await world.ChangeAsync<BrokerCluster>("a", static cluster =>
        {
            cluster.Spec.Brokers.Config = new() { ["flushDiskTypee"] = "SYNC_FLUSH", ["maxMessageSize"] = "-4", ["ackThreadPoolQueueCapacity"] = "1" };
            cluster.Spec.NameServer.Config = new() { ["orderMessageEnable"] = "yes" };
        });

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.InvalidConfig);
        await world.SaysAsync(stalled, "Stalled", said => said.Should().Be(
            "brokers.config would not be taken: flushDiskTypee: unknown key; did you mean flushDiskType?; maxMessageSize: \"-4\" is not allowed; allowed: a whole number from 1 to 15728640 (default 4194304). "
            + "What runs keeps the configuration and the image it has; set it right, or set it back."));
        await world.PassesAsync(5);
        world.Workloads.Started.Should().BeEmpty();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = null);
        stalled = await world.AwaitAsync<BrokerCluster>("a", static cluster => Conditions.Find(cluster.Status!.Conditions, "Stalled")!.Message.StartsWith("nameServer.config", StringComparison.Ordinal), "the next mistake is told");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => (cluster.Spec.NameServer.Config, cluster.Spec.Brokers.Image, cluster.Spec.Brokers.Config) = (null, "mine:3", new() { ["keyOfThatVersion"] = "1" }));
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().Equal("a-0-1", "a-0-0");
    }

    /// <summary>The API server would refuse every pod that is made again.</summary>
    [Fact]
    public async Task Reconcile_RequestsAboveLimits_KeepsWhatRuns()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Clear();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Resources = new()
        {
            Requests = new() { ["memory"] = Quantity.Parse("2Gi") },
            Limits = new() { ["memory"] = Quantity.Parse("1024Mi") },
        });

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.InvalidSpec);
        await world.SaysAsync(stalled, "Stalled", said => said.Should().StartWith("brokers.resources.requests asks for more memory (2Gi) than limits allow (1024Mi)."));
        await world.PassesAsync(5);
        world.Workloads.Started.Should().BeEmpty();
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Resources!.Limits!["memory"] = Quantity.Parse("2Gi"));
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().Equal("a-0-0");
    }

    private static async Task<string?> UidAsync(OperatorWorld world, string pod) => (await world.Client.GetAsync<Pod>(pod, OperatorWorld.Ns))!.Metadata.Uid;

    /// <summary>A cluster of three members of which two are to go, and none can while the others are behind.</summary>
    private static async Task<OperatorWorld> ScalingInAsync()
    {
        OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 3);
        await world.ClusterAsync("a", "Ready", "True");
        world.Admin.LogEnds[world.Master("a-0")] = 1_000_000_000;
        world.Admin.LogEnds[world.Admin.Registered!["a-0"][2]] = 1_000_000_000;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 1);
        await world.ClusterAsync("a", "Reconciling", "True", Reasons.ScalingIn);
        return world;
    }
}
