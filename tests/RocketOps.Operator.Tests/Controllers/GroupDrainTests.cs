using RocketOps.Client;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Groups that are no longer asked for.</summary>
public sealed class GroupDrainTests : IAsyncLifetime
{
    private OperatorWorld _world = null!;

    private string Master => _world.Master("a-1");

    public async Task InitializeAsync()
    {
        _world = await OperatorWorld.StartAsync();
        _world.Workloads.KeepsAddresses = true;
        await _world.CreateClusterAsync("a", static spec => (spec.Brokers.Groups, spec.Brokers.Replicas, spec.Brokers.Storage.DeletionPolicy) = (2, 2, StorageDeletionPolicy.Delete));
        await _world.CreateTopicAsync("orders", "a");
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.TopicAsync("orders", "Ready", "True");
        await HasTopicAsync("a-0");
        await HasTopicAsync("a-1");
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task FewerGroups_ClosedDrainedAndGoneAndTheClaimsStay()
    {
        await GoesWithItsSetAsync("data-a-1-0");
        Fill(read: 96);

        await AskForAsync(1);

        BrokerCluster draining = await DrainAsync(OperationPhase.Draining, "group billing, 1 204 messages behind in queue 3");
        draining.Status!.Operations!.Single(static operation => operation.Type == OperationType.Drain).Should().BeEquivalentTo(new
        {
            Group = "a-1",
            Phase = OperationPhase.Draining,
            Message = "a-1 is to go and takes no more messages; topic orders waits for group billing, 1 204 messages behind in queue 3 of a-1.",
        });
        Conditions.Find(draining.Status.Conditions, "Ready")!.Reason.Should().Be(Reasons.Draining);
        draining.Status.Should().BeEquivalentTo(new { ReadyGroups = 2, Brokers = "4/4" }, "what is there is counted, asked for or not");
        _world.Admin.Permissions[Master].Should().Be("4");
        _world.Admin.Permissions.Keys.Should().Equal([Master], "nobody else is closed");
        await _world.PassesAsync(5);
        (await _world.Client.GetAsync<StatefulSet>("a-1", OperatorWorld.Ns)).Should().NotBeNull();

        // Read to its end, and something is on its way into it.
        Fill(read: 1300);
        _world.Admin.Pending[(Master, "orders")] = new PendingMessages { Complete = true, Queues = [new PendingQueue { Kind = "Half", QueueId = 2, Count = 1 }] };
        await DrainAsync(OperationPhase.Draining, "topic orders waits for 1 message for queue 2 of a-1 whose transactions have not ended");
        _world.Admin.Pending.Clear();

        BrokerCluster done = await _world.ClusterAsync("a", "Ready", "True");
        done.Status!.Operations.Should().BeNull();
        done.Status.Groups.Should().ContainSingle();
        await _world.GoneAsync<Pod>("a-1-0");
        foreach (string service in new[] { "a-1-headless", "a-1-master", "a-1-slave" })
        {
            await _world.GoneAsync<Service>(service);
        }

        await _world.GoneAsync<PodDisruptionBudget>("a-1");
        await Eventually.TrueAsync(
            async () => (await _world.Client.ListAsync<ConfigMap>(new ListOptions { Namespace = OperatorWorld.Ns, LabelSelector = "rocketops.io/group=a-1" })).Items.Count == 0, "its configurations are gone");
        await _world.AwaitAsync<Topic>("orders", static topic => topic.Status!.Brokers!.Count == 1, "the topic is on the group that stayed");
        await StaysAsync("data-a-1-0");
        await Eventually.TrueAsync(
            async () =>
            {
                string?[] told = [.. (await _world.Client.ListAsync<Event>(new ListOptions { Namespace = OperatorWorld.Ns })).Items.Select(static e => e.Reason)];
                return told.Contains("GroupClosed", StringComparer.Ordinal) && told.Contains("GroupRemoved", StringComparer.Ordinal);
            },
            "events tell that the group was closed and removed");
    }

    [Fact]
    public async Task AskedForAgainWhileItDrains_TakesMessagesAgainAndNothingRestarts()
    {
        Fill(read: 0);
        await AskForAsync(1);
        await DrainAsync(OperationPhase.Draining, "billing");
        _world.Workloads.Started.Clear();

        await AskForAsync(2);

        await _world.ClusterAsync("a", "Ready", "True");
        await Eventually.TrueAsync(() => _world.Admin.Permissions.GetValueOrDefault(Master) == "6", "open again");
        await _world.AwaitAsync<StatefulSet>(
            "a-1",
            static set => set.Annotation("rocketops.io/draining") is null && set.Spec!.PersistentVolumeClaimRetentionPolicy!.WhenDeleted == "Delete",
            "the mark is off, and claims go with the set again");
        await _world.TopicAsync("orders", "Ready", "True");

        // What somebody closes by hand stays closed, once the operator knows that its mark is off.
        await _world.QuietAsync();
        _world.Workloads.Started.Should().BeEmpty();
        _world.Admin.Permissions[Master] = "4";
        await _world.PassesAsync(5);
        _world.Admin.Permissions[Master].Should().Be("4");
    }

    [Fact]
    public async Task OperatorAndBrokerRestartWhileItDrains_ClosedAgainAndGoesOn()
    {
        Fill(read: 0);
        await AskForAsync(1);
        await DrainAsync(OperationPhase.Draining, "billing");
        await _world.StopOperatorAsync();
        _world.Admin.Permissions.TryRemove(Master, out _);

        await _world.StartOperatorAsync();

        await Eventually.TrueAsync(() => _world.Admin.Permissions.GetValueOrDefault(Master) == "4", "closed again");
        (await _world.Client.GetAsync<StatefulSet>("a-1", OperatorWorld.Ns)).Should().NotBeNull();
        Fill(read: 1300);
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.GoneAsync<StatefulSet>("a-1");
    }

    /// <summary>A topic without an object, made on one group: its producers would find it nowhere.</summary>
    [Fact]
    public async Task TopicOnThatGroupAlone_NotClosedAndTheTopicIsNamed()
    {
        _world.Admin.Put(Master, new TopicConfig { Name = "alone", ReadQueues = 4, WriteQueues = 4 });

        await AskForAsync(1);

        await DrainAsync(OperationPhase.Waiting, "topic alone to be on another group too");
        _world.Admin.Permissions.Should().BeEmpty();
        _world.Admin.Put(_world.Master("a-0"), new TopicConfig { Name = "alone", ReadQueues = 4, WriteQueues = 4 });
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.GoneAsync<StatefulSet>("a-1");
    }

    [Fact]
    public async Task AnotherGroupTakesNoMessages_NotClosed()
    {
        _world.Admin.Refusals[_world.Master("a-0")] = "the disk is full";

        await AskForAsync(1);

        await DrainAsync(OperationPhase.Waiting, "a-0 to take messages: producers go there");
        _world.Admin.Permissions.Should().BeEmpty();
    }

    /// <summary>Who asks that one for routes would go on sending to a group that is closed.</summary>
    [Fact]
    public async Task NameServerIsSilent_NotClosedUntilItAnswers()
    {
        _world.Admin.Differing[await _world.NameServerAsync("a-nameserver-1")] = null;

        await AskForAsync(1);

        await DrainAsync(OperationPhase.Waiting, "every name server to answer the operator");
        _world.Admin.Permissions.Should().BeEmpty();
        _world.Admin.Differing.Clear();
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.GoneAsync<StatefulSet>("a-1");
    }

    [Fact]
    public async Task ItsMasterIsAway_NotClosedUntilItServes()
    {
        _world.Workloads.Healthy = static pod => pod.Name() != "a-1-0";
        await _world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups!.Single(static group => group.Name == "a-1").Members!.Exists(static member => !member.Ready), "the status tells it");

        await AskForAsync(1);

        await DrainAsync(OperationPhase.Waiting, "its master to serve: what is left is read from it");
        _world.Admin.Permissions.Should().BeEmpty();
        _world.Workloads.Healthy = static _ => true;
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.GoneAsync<StatefulSet>("a-1");
    }

    [Fact]
    public async Task MessagesGoOnComing_StaysUntilTheLogIsStill()
    {
        await _world.StopOperatorAsync();
        await using OperatorWorld patient = await OperatorWorld.StartWithTwoGroupsAsync(
            static options => options with { RouteRefreshGrace = TimeSpan.FromHours(1) });

        await patient.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 1);

        await patient.AwaitAsync<BrokerCluster>(
            "a", static cluster => cluster.Status?.Operations?.Exists(static operation => operation.Message!.Contains("nothing may come for 3600 s", StringComparison.Ordinal)) == true, "everything is read, and it waits");
        await patient.PassesAsync(3);
        (await patient.Client.GetAsync<StatefulSet>("a-1", OperatorWorld.Ns)).Should().NotBeNull();
    }

    [Fact]
    public async Task Abandoned_GoesWithWhatIsInIt()
    {
        Fill(read: 0);
        await AskForAsync(1);
        await DrainAsync(OperationPhase.Draining, "billing");

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { ["rocketops.io/abandon-groups"] = "a-1" });

        await _world.ClusterAsync("a", "Ready", "True");
        await _world.GoneAsync<StatefulSet>("a-1");
        (await _world.Client.GetAsync<PersistentVolumeClaim>("data-a-1-0", OperatorWorld.Ns)).Should().NotBeNull();
    }

    /// <summary>No annotation changes the generation, and the pass goes on with what it saw when it began.</summary>
    [Theory]
    [InlineData(ClusterAnnotations.Abandoned, null)]
    [InlineData(ClusterAnnotations.Paused, "true")]
    [InlineData(ClusterAnnotations.DeletionProtection, "true")]
    public async Task AbandonedAndAnnotatedOtherwiseSinceThePassLooked_Stays(string annotation, string? value)
    {
        Fill(read: 0);
        await AskForAsync(1);
        await DrainAsync(OperationPhase.Draining, "billing");
        Task annotated = _world.MeanwhileAsync(static call => call is { Verb: "list", Resource: "statefulsets", Namespace: OperatorWorld.Ns }, () => AnnotateAsync(annotation, value));

        await AnnotateAsync(ClusterAnnotations.Abandoned, "a-1");

        await annotated;
        await _world.PassesAsync(2);
        (await _world.Client.GetAsync<StatefulSet>("a-1", OperatorWorld.Ns)).Should().BeEquivalentTo(new { Metadata = new { DeletionTimestamp = (DateTimeOffset?)null } });
    }

    [Fact]
    public async Task Protected_KeepsItsGroups()
    {
        await _world.ChangeAsync<BrokerCluster>("a", static cluster =>
        {
            cluster.Metadata.Annotations = new() { ["rocketops.io/deletion-protection"] = "true" };
            cluster.Spec.Brokers.Groups = 1;
        });

        BrokerCluster stalled = await _world.ClusterAsync("a", "Stalled", "True", Reasons.DeletionProtected);
        await _world.SaysAsync(stalled, "Stalled", said => said.Should().Contain("Set it back to 2"));
        await _world.PassesAsync(3);
        _world.Admin.Permissions.Should().BeEmpty();
    }

    /// <summary>One after the other, many that do not answer would take longer than a pass may, and no status would tell of it.</summary>
    [Fact]
    public async Task SeveralGo_AskedAtOnce()
    {
        string[] leaving = ["a-1", "a-2"];
        await AskForAsync(3);
        await _world.ClusterAsync("a", "Ready", "True");
        await HasTopicAsync("a-2");
        Fill(read: 0, leaving);
        AskedTogether masters = new(_world.Admin, [.. leaving.Select(_world.Master)], nameof(IRocketMqAdmin.GetTopicStatsAsync));
        masters.Hold();

        await AskForAsync(1);

        await masters.AllAskedAsync();

        Fill(read: 1300, leaving);
        masters.Release();
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.GoneAsync<StatefulSet>("a-1");
        await _world.GoneAsync<StatefulSet>("a-2");
    }

    /// <summary>What is not known of the claims is not that there are none: those that belong to the set go with it.</summary>
    [Fact]
    public async Task ClaimsCannotBeListed_StaysUntilTheyCan()
    {
        await GoesWithItsSetAsync("data-a-1-0");
        Fill(read: 1300);
        int asked = 0;
        _world.OperatorFault = call => call is { Verb: "list", Resource: "persistentvolumeclaims" } && Interlocked.Increment(ref asked) > 0 ? ApiFault.Fail(500, "InternalError") : null;

        await AskForAsync(1);

        await Eventually.TrueAsync(() => Volatile.Read(ref asked) > 0, "it asks for them");
        await _world.PassesAsync(3);
        (await _world.Client.GetAsync<StatefulSet>("a-1", OperatorWorld.Ns)).Should().NotBeNull();
        _world.OperatorFault = null;
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.GoneAsync<StatefulSet>("a-1");
        await StaysAsync("data-a-1-0");
    }

    private Task AnnotateAsync(string annotation, string? value) => _world.ChangeAsync<BrokerCluster>("a", cluster =>
    {
        cluster.Metadata.Annotations ??= new(StringComparer.Ordinal);
        cluster.Metadata.Annotations.Remove(annotation);
        if (value is not null)
        {
            cluster.Metadata.Annotations[annotation] = value;
        }
    });

    /// <summary>A topic may have been ready before there was this group.</summary>
    private Task HasTopicAsync(string group) => Eventually.TrueAsync(() => _world.Admin.Topic(_world.Master(group), "orders") is not null, $"topic orders is on {group}");

    private async Task GoesWithItsSetAsync(string claim) => await _world.AwaitAsync<PersistentVolumeClaim>(claim, static claim => claim.Metadata.OwnerReferences is [{ Kind: "StatefulSet" }], "goes with its set");

    private async Task StaysAsync(string name)
    {
        PersistentVolumeClaim claim = await _world.Client.GetAsync<PersistentVolumeClaim>(name, OperatorWorld.Ns) ?? throw new InvalidOperationException($"{name} has gone.");
        claim.IsDeleting().Should().BeFalse();
        claim.Metadata.OwnerReferences.Should().BeNullOrEmpty();
    }

    private Task AskForAsync(int groups) => _world.ChangeAsync<BrokerCluster>("a", cluster => cluster.Spec.Brokers.Groups = groups);

    private Task<BrokerCluster> DrainAsync(OperationPhase phase, string message) => _world.AwaitAsync<BrokerCluster>(
        "a",
        cluster => cluster.Status?.Operations?.Exists(operation => operation.Type == OperationType.Drain && operation.Phase == phase && operation.Message!.Contains(message, StringComparison.Ordinal)) == true,
        $"{phase}: {message}");

    private static MessageQueue ThirdOf(string group) => new("orders", group, 3);

    private void Fill(long read) => Fill(read, "a-1");

    /// <summary>Each of the groups has messages in queue 3 of the topic, which were read up to there.</summary>
    private void Fill(long read, params string[] groups)
    {
        foreach (string group in groups)
        {
            Dictionary<MessageQueue, QueueOffsets> queues = Enumerable.Range(0, 8).ToDictionary(queue => new MessageQueue("orders", group, queue), static _ => new QueueOffsets());
            queues[ThirdOf(group)] = new QueueOffsets { MaxOffset = 1300 };
            _world.Admin.Stats[(_world.Master(group), "orders")] = new TopicStats { Queues = queues };
        }

        _world.Admin.Groups["billing"] = new ConsumeStats { Queues = groups.ToDictionary(ThirdOf, _ => new ConsumerQueueOffsets { BrokerOffset = 1300, ConsumerOffset = read }) };
    }
}
