using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Tests.Topics;

public sealed class TopicReconcilerTests
{
    private static readonly Problem Gone = new(Reasons.ClusterNotReady, "No master of a-0 is registered.");
    private static readonly TopicOutcome Fine = new("a-0", null);
    private static readonly TopicOutcome Waits = new("a-0", null, Pending: Gone);

    [Fact]
    public void Compare_AsAskedFor_NothingToDo()
    {
        Topic topic = Ready();
        TopicReconciler.Compare(topic, Round(Present(8))).Should().ContainSingle().Which.Outcome.Should().Be(new TopicOutcome("a-0", new TopicSettings(8, 8, 6, "NORMAL")));
        TopicReconciler.Compare(topic, Round(Present(4))).Should().ContainSingle().Which.Outcome.Should().BeNull("it drifted");
    }

    [Fact]
    public void Compare_NeverWrittenThere_IsLookedAtEvenWhenIdentical()
    {
        Topic topic = Ready();
        topic.Status!.Brokers = null;
        TopicReconciler.Compare(topic, Round(Present(8)))[0].Outcome.Should().BeNull();

        topic = Ready();
        topic.Status!.TopicName = null;
        TopicReconciler.Compare(topic, Round(Present(8)))[0].Outcome.Should().BeNull("a status without a name says of no broker that the topic is the object's");
    }

    [Fact]
    public void Compare_Draining_IsLookedAt()
    {
        Topic topic = Ready();
        topic.Status!.Brokers![0].DrainingSince = DateTimeOffset.UnixEpoch;
        TopicReconciler.Compare(topic, Round(Present(8)))[0].Outcome.Should().BeNull();
    }

    [Fact]
    public void Compare_MasterAway_TopicThatWasFineStaysFineUntilThatLasts()
    {
        Topic topic = Ready();
        TopicReconciler.Compare(topic, Round(Absent(isLong: false)))[0].Outcome.Should().Be(Fine);
        TopicReconciler.Compare(topic, Round(Absent(isLong: true)))[0].Outcome.Should().Be(Waits);
    }

    [Fact]
    public void Compare_GroupIsAdded_TopicStaysFine()
    {
        Topic topic = Ready();
        topic.Status!.Brokers = [];
        TopicReconciler.Compare(topic, Round(Absent(isLong: false)))[0].Outcome.Should().Be(Fine);
    }

    [Fact]
    public void Compare_MasterAwayAndSomethingIsToBeDoneThere_Waits()
    {
        Topic changed = Ready();
        changed.Spec.MessageType = TopicMessageType.Fifo;
        TopicReconciler.Compare(changed, Round(Absent(isLong: false)))[0].Outcome.Should().Be(Waits);

        Topic draining = Ready();
        draining.Status!.Brokers![0].DrainingSince = DateTimeOffset.UnixEpoch;
        TopicReconciler.Compare(draining, Round(Absent(isLong: false)))[0].Outcome.Should().Be(Waits);

        Topic unready = Ready();
        unready.Status!.Conditions = null;
        TopicReconciler.Compare(unready, Round(Absent(isLong: false)))[0].Outcome.Should().Be(Waits, "a topic that is not ready does not become so by what nobody knows");
    }

    private static Topic Ready()
    {
        Topic topic = new() { Metadata = new ObjectMeta { Name = "T", Namespace = "ns", Generation = 1 } };
        topic.Status = new TopicStatus
        {
            ObservedGeneration = 1,
            TopicName = "T",
            Cluster = "a",
            Brokers = [new TopicBrokerStatus { Name = "a-0", ReadQueues = 8, WriteQueues = 8, Permission = 6 }],
            Conditions = [new Condition { Type = ConditionTypes.Ready, Status = ConditionStatus.True }],
        };
        return topic;
    }

    private static MasterRound<TopicSettings> Round(RoundMaster<TopicSettings> master) => new([master], null);

    private static RoundMaster<TopicSettings> Present(int queues) => new(
        "a-0", "h:1", new MasterTable<TopicSettings>([KeyValuePair.Create("T", new TopicSettings(queues, queues, 6, "NORMAL"))]), null);

    private static RoundMaster<TopicSettings> Absent(bool isLong) => new("a-0", null, null, new Away(Gone, isLong));
}
