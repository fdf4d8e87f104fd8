using System.Collections.Concurrent;
using RocketOps.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Controllers;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

public sealed class TopicControllerTests
{
    [Fact]
    public async Task Reconcile_TopicsWithoutObjects_AreCountedUntilThereAreObjects()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        string[] masters = [.. world.Admin.Registered!.Values.Select(static group => group[0])];
        foreach (string name in (string[])["auto", "TBW102", "%RETRY%g", "%DLQ%g", "rmq_sys_TRACE", "a", "a-0", "a_REPLY_TOPIC", "%LMQ%light", "DefaultHeartBeatSyncerTopic"])
        {
            world.Admin.Put(masters[0], new TopicConfig { Name = name });
        }

        world.Admin.Put(masters[1], new TopicConfig { Name = "auto" });
        world.Admin.Put(masters[1], new TopicConfig { Name = "by-hand" });
        ConcurrentQueue<string> requests = new();
        world.Admin.Fault = requests.Enqueue;
        await world.PassesAsync(4);
        requests.Should().NotContain(nameof(IRocketMqAdmin.GetTopicConfigsAsync), "nobody is asked for it");

        await world.CreateTopicAsync("t", "a");
        await world.CreateTopicAsync("gone", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await CountedAsync(world, 2, "auto", "by-hand");
        await Eventually.TrueAsync(() => world.Metrics.Contains("rocketops_cluster_topics_unmanaged{namespace=\"default\",cluster=\"a\"} 2\n", StringComparison.Ordinal), "the metric follows");

        await world.CreateTopicAsync("auto", "a", static spec => spec.ManagementPolicy = ManagementPolicy.Observe);
        await CountedAsync(world, 1, "by-hand");

        // One that the operator removed was never anybody's.
        List<int> seen = [];
        await world.Client.DeleteAsync<Topic>("gone", OperatorWorld.Ns);
        await world.GoneAsync<Topic>("gone");
        for (int i = 0; i < 5; i++)
        {
            await world.PassesAsync(1);
            seen.Add((await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!.Status!.UnmanagedTopics!.Count);
        }

        seen.Should().OnlyContain(static count => count == 1);
        await world.CreateTopicAsync("by-hand", "a", static spec => spec.ManagementPolicy = ManagementPolicy.Observe);
        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.UnmanagedTopics is null, "nothing is without an object");

        static async Task CountedAsync(OperatorWorld world, int count, params string[] names) =>
            (await world.AwaitAsync<BrokerCluster>("a", cluster => cluster.Status!.UnmanagedTopics?.Count == count, "they are counted")).Status!.UnmanagedTopics!.Names.Should().Equal(names);
    }

    [Fact]
    public async Task Reconcile_NewTopic_OnEveryMaster()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();

        await world.CreateTopicAsync("events", "a", static spec =>
        {
            spec.ReadQueues = 4;
            spec.MessageType = TopicMessageType.Fifo;
        });

        Topic topic = await world.TopicAsync("events", "Ready", "True");
        topic.Status.Should().BeEquivalentTo(new { TopicName = "events", Cluster = "a", ReadQueues = 4, WriteQueues = 4 });
        topic.Status!.Brokers!.Select(static broker => broker.Name).Should().Equal("a-0", "a-1");
        foreach (string? group in new[] { "a-0", "a-1" })
        {
            world.Admin.Topic(world.Master(group), "events").Should().BeEquivalentTo(new { ReadQueues = 4, WriteQueues = 4, Permission = Client.TopicPermission.ReadWrite });
            world.Admin.Topic(world.Master(group), "events")!.Attributes.Should().Contain("message.type", "FIFO");
        }

        topic.Metadata.Finalizers.Should().BeNullOrEmpty("Retain has nothing to clean up");
    }

    [Fact]
    public async Task Reconcile_TopicBeforeCluster_WaitsAndComes()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateTopicAsync("events", "a");
        await world.TopicAsync("events", "Reconciling", "True", Reasons.ClusterNotFound);

        await world.CreateClusterAsync("a");

        await world.TopicAsync("events", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_DriftOnBroker_Corrected()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a");
        await world.TopicAsync("events", "Ready", "True");
        string master = world.Master("a-1");

        world.Admin.Put(master, world.Admin.Topic(master, "events")! with { Permission = Client.TopicPermission.Read, WriteQueues = 2 });

        await Eventually.TrueAsync(
            () => world.Admin.Topic(master, "events") is { Permission: Client.TopicPermission.ReadWrite, WriteQueues: 8 }, "the broker has what the object says");
    }

    [Fact]
    public async Task Reconcile_SettledTopics_OneRequestPerBrokerForAll()
    {
        const int Topics = 12;
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        for (int i = 0; i < Topics; i++)
        {
            await world.CreateTopicAsync($"t-{i}", "a");
        }

        for (int i = 0; i < Topics; i++)
        {
            await world.TopicAsync($"t-{i}", "Ready", "True");
        }

        await world.PassesAsync(4);
        System.Collections.Concurrent.ConcurrentQueue<string> requests = new();
        world.Admin.Fault = requests.Enqueue;

        await Eventually.TrueAsync(() => requests.Count(static request => request == nameof(IRocketMqAdmin.GetTopicConfigsAsync)) >= 6, "both brokers are asked in three rounds");

        requests.Should().NotContain(nameof(IRocketMqAdmin.GetTopicConfigAsync), "no topic is asked for by itself");
    }

    [Fact]
    public async Task Reconcile_SpecChangedThereAndBack_BrokerFollows()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a");
        await world.TopicAsync("events", "Ready", "True");

        await world.ChangeAsync<Topic>("events", static topic => topic.Spec.Permission = Operator.Entities.TopicPermission.Read);
        await world.TopicAsync("events", "Ready", "True");
        await world.ChangeAsync<Topic>("events", static topic => topic.Spec.Permission = Operator.Entities.TopicPermission.ReadWrite);

        await world.TopicAsync("events", "Ready", "True");
        world.Admin.Topic(world.Master("a-0"), "events")!.Permission.Should().Be(Client.TopicPermission.ReadWrite);
    }

    [Fact]
    public async Task Reconcile_TwoObjectsOneTopic_OldestWinsUntilItGoes()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("first", "a", static spec => spec.TopicName = "SAME");
        await world.TopicAsync("first", "Ready", "True");

        await world.CreateTopicAsync("second", "a", static spec =>
        {
            spec.TopicName = "SAME";
            spec.ReadQueues = 16;
        });

        Topic stalled = await world.TopicAsync("second", "Stalled", "True", Reasons.ResourceConflict);
        string winner = Conditions.Find(stalled.Status!.Conditions, "Stalled")!.Message;
        winner.Should().Contain("first").And.Contain("SAME");
        world.Admin.Topic(world.Master("a-0"), "SAME")!.ReadQueues.Should().Be(8);

        await world.Client.DeleteAsync<Topic>("first", OperatorWorld.Ns);
        await world.TopicAsync("second", "Stalled", "True", Reasons.Conflict);
        await world.ChangeAsync<Topic>("second", static topic => topic.Spec.AdoptionPolicy = AdoptionPolicy.Adopt);
        await world.TopicAsync("second", "Ready", "True");
        world.Admin.Topic(world.Master("a-0"), "SAME")!.ReadQueues.Should().Be(16);
    }

    [Fact]
    public async Task Reconcile_TopicNameChanged_StalledAndNothingMade()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a", static spec => spec.TopicName = "OLD");
        await world.TopicAsync("events", "Ready", "True");

        await world.ChangeAsync<Topic>("events", static topic => topic.Spec.TopicName = "NEW");

        await world.TopicAsync("events", "Stalled", "True", Reasons.Immutable);
        world.Admin.Topic(world.Master("a-0"), "NEW").Should().BeNull();
    }

    [Theory]
    [InlineData("TBW102")]
    [InlineData("%RETRY%g")]
    [InlineData("rmq_sys_x")]
    public async Task Reconcile_NameThatNoUsersTopicHas_Stalled(string name)
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();

        await world.CreateTopicAsync("events", "a", spec => spec.TopicName = name);

        await world.TopicAsync("events", "Stalled", "True", Reasons.InvalidName);
        world.Admin.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Reconcile_BrokerRefuses_StalledWithItsWords()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Fail(nameof(IRocketMqAdmin.CreateOrUpdateTopicAsync), new RocketMqException(29, "no such message type", "broker"));

        await world.CreateTopicAsync("events", "a");

        Topic stalled = await world.TopicAsync("events", "Stalled", "True", Reasons.Refused);
        await world.SaysAsync(stalled, "Ready", said => said.Should().Contain("no such message type"));
    }

    [Fact]
    public async Task Reconcile_ObjectGoesWhileItIsClaimed_NothingIsWritten()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        Task claimed = world.MeanwhileAsync(
            static call => call is { Verb: "patch", Resource: "topics", Subresource: "status" }, () => world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns));

        await world.CreateTopicAsync("events", "a");
        await claimed;
        await world.GoneAsync<Topic>("events");
        await world.PassesAsync(3);

        world.Admin.Writes.Should().BeEmpty("nobody has asked for the topic any more");
    }

    /// <summary>What was done on one master is done, whatever another one says.</summary>
    [Fact]
    public async Task Delete_OneMasterDoesNotAnswer_TheOthersHaveItNoMoreAndItIsNamed()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.TopicAsync("events", "Ready", "True");
        int deletions = 0;
        world.Admin.Fault = request =>
        {
            if (request == nameof(IRocketMqAdmin.DeleteTopicOnBrokerAsync) && Interlocked.Increment(ref deletions) % 2 == 1)
            {
                throw new RocketMqException("no answer");
            }
        };

        await world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);
        await world.AwaitAsync<Topic>(
            "events",
            static topic => Conditions.Find(topic.Status!.Conditions, "Ready") is
            {
                Reason: Reasons.BrokerUnreachable,
                Message: "The topic could not be removed: the master of a-0 did not answer in time. Annotate rocketops.io/force-delete=true to give up.",
            },
            "says who");
        world.Admin.Topic(world.Master("a-1"), "events").Should().BeNull();
        world.Admin.Topic(world.Master("a-0"), "events").Should().NotBeNull();

        world.Admin.Fault = null;
        await world.GoneAsync<Topic>("events");
        world.Admin.Topic(world.Master("a-0"), "events").Should().BeNull();
    }

    /// <summary>A broker that refuses has answered: whoever reads the status looks for the reason there, and not at the network.</summary>
    [Fact]
    public async Task Delete_MasterRefuses_RefusedWithItsWords()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.TopicAsync("events", "Ready", "True");
        world.Admin.Fail(nameof(IRocketMqAdmin.DeleteTopicOnBrokerAsync), new RocketMqException(1, "topics are kept here", "broker"));

        await world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);

        Topic kept = await world.AwaitAsync<Topic>("events", static topic => Conditions.Find(topic.Status!.Conditions, "Ready") is { Status: "False", Reason: Reasons.Refused or Reasons.BrokerUnreachable }, "says why it is there");
        Condition ready = Conditions.Find(kept.Status!.Conditions, "Ready")!;
        ready.Reason.Should().Be(Reasons.Refused);
        ready.Message.Should().StartWith("The topic could not be removed: the master of a-0 refuses: ").And.Contain("topics are kept here").And.EndWith(" Annotate rocketops.io/force-delete=true to give up.");

        world.Admin.Fault = null;
        await world.GoneAsync<Topic>("events");
    }

    [Fact]
    public async Task Delete_Retain_TopicStays()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a");
        await world.TopicAsync("events", "Ready", "True");

        await world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);

        await world.GoneAsync<Topic>("events");
        world.Admin.Topic(world.Master("a-0"), "events").Should().NotBeNull();
    }

    [Fact]
    public async Task Delete_PolicyDelete_GoneFromBrokersAndNameServers()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        (await world.TopicAsync("events", "Ready", "True")).Metadata.Finalizers.Should().Equal(TopicFinalizer.Identifier);
        System.Collections.Concurrent.ConcurrentQueue<string> lists = new();
        world.Fault = call =>
        {
            if (call is { Verb: "list", Group: "rocketops.io" })
            {
                lists.Enqueue(call.Resource);
            }

            return null;
        };

        await world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);

        await world.GoneAsync<Topic>("events");
        lists.Should().BeEmpty("rivals are looked up in the cache, not among all topics of the namespace");
        world.Admin.Topic(world.Master("a-0"), "events").Should().BeNull();
        world.Admin.Topic(world.Master("a-1"), "events").Should().BeNull();
        world.Admin.Writes.Should().Contain("nameservers delete events");
    }

    [Fact]
    public async Task Delete_DeleteIfDrained_WaitsForConsumersAndKeepsProducersOut()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a", static spec =>
        {
            spec.ReadQueues = 1;
            spec.DeletionPolicy = DeletionPolicy.DeleteIfDrained;
        });
        await world.TopicAsync("events", "Ready", "True");
        SetOffsets(world, consumed: 3);

        await world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);

        await world.AwaitAsync<Topic>(
            "events", static topic => Conditions.Find(topic.Status!.Conditions, "Ready") is { Reason: Reasons.WaitingForConsumers } ready && ready.Message.Contains("group G", StringComparison.Ordinal), "waits");
        world.Admin.Topic(world.Master("a-0"), "events")!.Permission.Should().Be(Client.TopicPermission.Read);

        string second = world.Master("a-1");
        world.Admin.Pending[(second, "events")] = new PendingMessages { Complete = true, Queues = [new PendingQueue { Kind = "Half", QueueId = 0, Count = 3 }] };
        SetOffsets(world, consumed: 4);
        await world.AwaitAsync<Topic>(
            "events",
            static topic => Conditions.Find(topic.Status!.Conditions, "Ready")!.Message == "Waiting for 3 messages for queue 0 of a-1 whose transactions have not ended.",
            "waits for transactions");
        world.Admin.Topic(second, "events").Should().NotBeNull();

        world.Admin.Pending.TryRemove((second, "events"), out _);
        await world.GoneAsync<Topic>("events");
        world.Admin.Topic(world.Master("a-0"), "events").Should().BeNull();
    }

    [Fact]
    public async Task Delete_ClusterProtected_NothingIsRemovedUntilItIsNot()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.CreateTopicAsync("kept", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.TopicAsync("events", "Ready", "True");
        await world.TopicAsync("kept", "Ready", "True");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { ["rocketops.io/deletion-protection"] = "true" });

        await world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);
        await world.Client.DeleteAsync<Topic>("kept", OperatorWorld.Ns);

        Topic waiting = await world.AwaitAsync<Topic>("events", static topic => Conditions.Find(topic.Status!.Conditions, "Ready") is { Reason: Reasons.DeletionProtected }, "waits");
        await world.SaysAsync(waiting, "Ready", said => said.Should().StartWith("The topic is not removed: BrokerCluster a is protected"));
        world.Admin.Topic(world.Master("a-0"), "events").Should().NotBeNull();

        await world.ChangeAsync<Topic>("kept", static topic => topic.Spec.DeletionPolicy = DeletionPolicy.Retain);
        await world.GoneAsync<Topic>("kept");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = null);

        await world.GoneAsync<Topic>("events");
        world.Admin.Topic(world.Master("a-0"), "events").Should().BeNull();
        world.Admin.Topic(world.Master("a-0"), "kept").Should().NotBeNull("it went with Retain");
    }

    [Fact]
    public async Task Change_MessageTypeOfTopicWithMessages_WarnsOnce()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a");
        await world.CreateTopicAsync("empty", "a");
        await world.TopicAsync("events", "Ready", "True");
        await world.TopicAsync("empty", "Ready", "True");
        SetOffsets(world, consumed: 4);
        world.Admin.Stats.TryRemove((world.Master("a-1"), "events"), out _).Should().BeTrue();

        await world.ChangeAsync<Topic>("empty", static topic => topic.Spec.MessageType = TopicMessageType.Fifo);
        await world.TopicAsync("empty", "Ready", "True");
        await world.ChangeAsync<Topic>("events", static topic => topic.Spec.MessageType = TopicMessageType.Fifo);

        Event warning = null!;
        await Eventually.TrueAsync(
            async () => (warning = (await world.Client.ListAsync<Event>()).Items.FirstOrDefault(static happened => happened.Reason == "MessageTypeChanged")!) is not null, "a warning");
        await world.TopicAsync("events", "Ready", "True");
        await world.PassesAsync(3);
        warning.Type.Should().Be("Warning");
        warning.Note.Should().Be("The message type of topic events was changed from NORMAL to FIFO on a-0, where it has messages: they stay as they were sent, and consumers still get them.");
        Event only = (await world.Client.ListAsync<Event>()).Items.Should().ContainSingle(static happened => happened.Reason == "MessageTypeChanged").Subject;
        (only.Series?.Count ?? 1).Should().Be(1, "passes that find nothing to change say nothing");
    }

    [Fact]
    public async Task Delete_ClusterGone_Released()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.TopicAsync("events", "Ready", "True");

        await world.Client.DeleteAsync<BrokerCluster>("a", OperatorWorld.Ns);
        await world.GoneAsync<BrokerCluster>("a");
        await world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);

        await world.GoneAsync<Topic>("events");
    }

    [Fact]
    public async Task Delete_NameServersSilent_WaitsUntilForced()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.TopicAsync("events", "Ready", "True");
        world.Admin.Registered = null;

        await world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);
        await world.AwaitAsync<Topic>("events", static topic => Conditions.Find(topic.Status!.Conditions, "Ready") is { Reason: Reasons.BrokerUnreachable }, "waits");

        await world.ForceDeleteAsync<Topic>("events");
        await world.GoneAsync<Topic>("events");
    }

    [Fact]
    public async Task Delete_AnotherObjectHasTheTopic_TopicStays()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("first", "a", static spec =>
        {
            spec.TopicName = "SAME";
            spec.DeletionPolicy = DeletionPolicy.Delete;
        });
        await world.TopicAsync("first", "Ready", "True");
        await world.CreateTopicAsync("second", "a", static spec => spec.TopicName = "SAME");
        await world.TopicAsync("second", "Stalled", "True");

        await world.Client.DeleteAsync<Topic>("first", OperatorWorld.Ns);

        await world.TopicAsync("second", "Ready", "True");
        world.Admin.Writes.Should().NotContain(static write => write.Contains("delete", StringComparison.Ordinal));
    }

    private static void SetOffsets(OperatorWorld world, long consumed)
    {
        Dictionary<MessageQueue, ConsumerQueueOffsets> progress = new();
        foreach (string? group in new[] { "a-0", "a-1" })
        {
            MessageQueue queue = new("events", group, 0);
            world.Admin.Stats[(world.Master(group), "events")] = new TopicStats { Queues = new Dictionary<MessageQueue, QueueOffsets> { [queue] = new() { MaxOffset = 4 } } };
            progress[queue] = new ConsumerQueueOffsets { BrokerOffset = 4, ConsumerOffset = consumed };
        }

        world.Admin.Groups["G"] = new ConsumeStats { Queues = progress };
    }
}
