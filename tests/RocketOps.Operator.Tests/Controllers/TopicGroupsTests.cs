using RocketOps.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Topics that are on some of their cluster's groups.</summary>
public sealed class TopicGroupsTests : IAsyncLifetime
{
    private OperatorWorld _world = null!;

    public async Task InitializeAsync() => _world = await OperatorWorld.StartWithTwoGroupsAsync();

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Groups_SomeAreNamed_TopicIsOnTheseAlone()
    {
        _world.Admin.Put(_world.Master("a-0"), new TopicConfig { Name = "events", ReadQueues = 3 });

        await _world.CreateTopicAsync("events", "a", static spec => spec.Groups = [1]);

        Topic topic = await _world.TopicAsync("events", "Ready", "True");
        topic.Status!.Brokers!.Select(static broker => broker.Name).Should().Equal("a-1");
        await _world.SaysAsync(topic, "Ready", said => said.Should().Be("The master of every chosen group has the topic as asked for."));
        await _world.PassesAsync(4);
        _world.Admin.Topic(_world.Master("a-0"), "events")!.ReadQueues.Should().Be(3, "what is there is somebody else's");
    }

    [Fact]
    public async Task Groups_OneComesLater_TopicStaysWhereItIs()
    {
        await _world.CreateTopicAsync("here", "a", static spec => spec.Groups = [0, 1]);
        await _world.CreateTopicAsync("everywhere", "a");
        await _world.TopicAsync("here", "Ready", "True");

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 3);

        await _world.AwaitAsync<Topic>("everywhere", static topic => topic.Status?.Brokers?.Count == 3, "it is on the new group");
        await _world.TopicAsync("here", "Ready", "True");
        _world.Admin.Topic(_world.Master("a-2"), "here").Should().BeNull();
    }

    [Fact]
    public async Task Groups_OneIsTakenOut_ClosedReadRemovedInThisOrder()
    {
        await _world.CreateTopicAsync("events", "a");
        await _world.TopicAsync("events", "Ready", "True");
        Fill("a-1", read: 3);
        _world.Admin.Writes.Clear();

        await _world.ChangeAsync<Topic>("events", static topic => topic.Spec.Groups = [0]);

        Topic draining = await _world.AwaitAsync<Topic>("events", static topic => topic.Status!.Brokers!.Exists(static broker => broker.Removal == TopicRemovalPhase.Draining), "it is read empty");
        draining.Status!.Brokers!.Single(static broker => broker.Name == "a-1").Should().BeEquivalentTo(new { Permission = 4, ReadQueues = 8, WriteQueues = 8 });
        Conditions.Find(draining.Status.Conditions, "Ready")!.Should().BeEquivalentTo(
            new { Reason = Reasons.DrainingQueues, Message = "The topic is to go from a-1, and waits for group billing, 1 message behind in queue 0 of a-1." });
        await _world.PassesAsync(4);
        _world.Admin.Topic(_world.Master("a-1"), "events").Should().NotBeNull("somebody has still to read there");

        Fill("a-1", read: 4);
        Topic done = await _world.TopicAsync("events", "Ready", "True");

        done.Status!.Brokers!.Should().ContainSingle().Which.Name.Should().Be("a-0");
        _world.Admin.Writes.Should().Equal($"{_world.Master("a-1")} events 8/8 4", $"{_world.Master("a-1")} events 8/8 0", $"{_world.Master("a-1")} delete events");
        await Eventually.TrueAsync(
            async () => (await _world.Client.ListAsync<Event>()).Items.Select(static happened => happened.Reason).Intersect(["TopicClosed", "TopicRemoved"]).Count() == 2, "both are told");
    }

    [Fact]
    public async Task Groups_PutBackInTheMiddle_OpenAgainAndNothingIsLost()
    {
        await _world.CreateTopicAsync("events", "a");
        await _world.TopicAsync("events", "Ready", "True");
        Fill("a-1", read: 3);
        await _world.ChangeAsync<Topic>("events", static topic => topic.Spec.Groups = [0]);
        await _world.AwaitAsync<Topic>("events", static topic => topic.Status!.Brokers!.Exists(static broker => broker.Removal == TopicRemovalPhase.Draining), "it is read empty");

        await _world.ChangeAsync<Topic>("events", static topic => topic.Spec.Groups = null);

        Topic back = await _world.TopicAsync("events", "Ready", "True");
        back.Status!.Brokers.Should().HaveCount(2).And.OnlyContain(static broker => broker.Permission == 6 && broker.Removal == null && broker.DrainingSince == null);
        _world.Admin.Writes.Should().NotContain(static write => write.Contains("delete", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Groups_OneIsNotThere_SaysSoAndKeepsEverythingWhereItIs()
    {
        await _world.CreateTopicAsync("events", "a", static spec => spec.Groups = [0]);
        await _world.CreateTopicAsync("other", "a");
        await _world.TopicAsync("events", "Ready", "True");

        await _world.ChangeAsync<Topic>("events", static topic => topic.Spec.Groups = [1, 2]);

        Topic stalled = await _world.TopicAsync("events", "Stalled", "True", Reasons.GroupNotFound);
        await _world.SaysAsync(stalled, "Ready", said => said.Should().Be("BrokerCluster a has no broker group a-2: spec.brokers.groups is 2. Take 2 out of spec.groups, or raise the cluster's number."));
        stalled.Status!.Brokers!.Select(static broker => (broker.Name, broker.Removal)).Should().BeEquivalentTo([("a-0", (TopicRemovalPhase?)TopicRemovalPhase.Waiting), ("a-1", null)]);
        await _world.PassesAsync(4);
        _world.Admin.Topic(_world.Master("a-0"), "events").Should().BeEquivalentTo(new { Permission = Client.TopicPermission.ReadWrite }, "producers have somewhere to go until the new places are there");
        await _world.TopicAsync("other", "Ready", "True");

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 3);

        Topic moved = await _world.TopicAsync("events", "Ready", "True");
        moved.Status!.Brokers!.Select(static broker => broker.Name).Should().Equal("a-1", "a-2");
        _world.Admin.Topic(_world.Master("a-0"), "events").Should().BeNull();
    }

    [Fact]
    public async Task Groups_TheOnlyOneLeavesTheCluster_BothSayWhatBlocks()
    {
        await _world.CreateTopicAsync("events", "a", static spec => spec.Groups = [1]);
        await _world.TopicAsync("events", "Ready", "True");

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 1);

        Topic stalled = await _world.TopicAsync("events", "Stalled", "True", Reasons.GroupNotFound);
        await _world.SaysAsync(stalled, "Ready", said => said.Should().Be(
            "a-1 leaves BrokerCluster a. Name a group that stays in spec.groups instead of 1, or set spec.brokers.groups of the cluster back."));
        await _world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => cluster.Status!.Operations?.Exists(static operation => operation.Phase == OperationPhase.Waiting && operation.Message!.Contains("topic events to be on another group too", StringComparison.Ordinal)) == true,
            "the group waits for the topic");
        _world.Admin.Topic(_world.Master("a-1"), "events").Should().BeEquivalentTo(new { Permission = Client.TopicPermission.ReadWrite });

        await _world.ChangeAsync<Topic>("events", static topic => topic.Spec.Groups = [0]);

        await _world.TopicAsync("events", "Ready", "True");
        await _world.ClusterAsync("a", "Ready", "True");
        await _world.AwaitAsync<Topic>("events", static topic => topic.Status!.Brokers is [{ Name: "a-0" }], "the group has gone");
    }

    [Fact]
    public async Task Groups_DeletedWhileOneIsOnItsWayOut_GoneEverywhere()
    {
        await _world.CreateTopicAsync("events", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await _world.TopicAsync("events", "Ready", "True");
        Fill("a-1", read: 3);
        await _world.ChangeAsync<Topic>("events", static topic => topic.Spec.Groups = [0]);
        await _world.AwaitAsync<Topic>("events", static topic => topic.Status!.Brokers!.Exists(static broker => broker.Removal == TopicRemovalPhase.Draining), "it is read empty");

        await _world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);

        await _world.GoneAsync<Topic>("events");
        _world.Admin.Topic(_world.Master("a-0"), "events").Should().BeNull();
        _world.Admin.Topic(_world.Master("a-1"), "events").Should().BeNull("it was asked for");
    }

    /// <summary>Queue 0 has four messages, and one group has read so many of them; the other queues are empty.</summary>
    private void Fill(string group, long read)
    {
        MessageQueue queue = new("events", group, 0);
        _world.Admin.Groups["billing"] = new ConsumeStats { Queues = new Dictionary<MessageQueue, ConsumerQueueOffsets> { [queue] = new() { BrokerOffset = 4, ConsumerOffset = read } } };
        _world.Admin.Stats[(_world.Master(group), "events")] = new TopicStats
        {
            Queues = Enumerable.Range(0, 8).ToDictionary(id => new MessageQueue("events", group, id), static id => new QueueOffsets { MaxOffset = id == 0 ? 4 : 0 }),
        };
    }
}
