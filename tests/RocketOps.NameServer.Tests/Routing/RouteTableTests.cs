using RocketOps.NameServer.Routing;
using RocketOps.NameServer.Tests.Support;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Testing.Time;

namespace RocketOps.NameServer.Tests.Routing;

public sealed class RouteTableTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RouteTable _table;

    public RouteTableTests()
    {
        _table = new RouteTable(new RouteTableOptions(), _time);
    }

    [Fact]
    public void Register_MasterAndSlave_SlaveLearnsOfMaster()
    {
        RegistrationResult master = _table.Register(Registrations.Of("a", 0, "h:1", topics: ["T", "U"]));
        RegistrationResult slave = _table.Register(Registrations.Of("a", 1, "h:2", topics: ["T", "U"]));

        master.Should().Be(default(RegistrationResult));
        slave.Should().Be(new RegistrationResult("h:1", "h:10"));
        _table.Snapshot.Groups["a"].Addresses.Select(static member => $"{member.Key}={member.Value}").Should().Equal("0=h:1", "1=h:2");
        _table.Snapshot.Topics["T"].Queues.Should().Equal(new QueueData("a", 8, 8, 6, 0));
    }

    [Fact]
    public void Register_SameAddressWithOtherId_GivesTheOldIdUp()
    {
        _table.Register(Registrations.Of("a", 1, "h:2", topics: ["T", "U"]));

        _table.Register(Registrations.Of("a", 0, "h:2", topics: ["T", "U"]));

        _table.Snapshot.Groups["a"].Addresses.Select(static member => $"{member.Key}={member.Value}").Should().Equal("0=h:2");
    }

    [Fact]
    public void Register_IdHeldByBrokerOfNewerState_IsNotBelieved()
    {
        _table.Register(Registrations.Of("a", 0, "h:1", stateVersion: 2, topics: ["T", "U"]));

        RegistrationResult result = _table.Register(Registrations.Of("a", 0, "h:9", stateVersion: 1, topics: ["T", "U"]));

        result.Should().Be(default(RegistrationResult));
        _table.Snapshot.Groups["a"].Addresses[0].Should().Be("h:1");
        _table.FindDataVersion("C", "h:9").Should().BeNull();
    }

    [Fact]
    public void Register_UnknownIdWithOneTopic_IsRefused()
    {
        FluentActions.Invoking(() => _table.Register(Registrations.Of("a", 0, "h:1", topics: ["T"])))
            .Should().Throw<RemotingCommandException>().WithMessage("register broker failed").Which.ResponseCode.Should().Be(ResponseCode.SystemError);
    }

    [Fact]
    public void Register_SameVersion_KeepsQueues_NewVersion_ReplacesThem()
    {
        BrokerRegistration first = Registrations.Of("a", 0, "h:1", topics: ["T", "U"]);
        _table.Register(first);
        TopicRegistration[] changed = [new("T", 4, 4, 4, 0), new("U", 8, 8, 6, 0)];

        _table.Register(first with { Topics = changed });
        _table.Snapshot.Topics["T"].Queues[0].ReadQueues.Should().Be(8);

        _table.Register(first with { Topics = changed, DataVersion = new DataVersion { Counter = 2, Timestamp = 1 } });
        _table.Snapshot.Topics["T"].Queues[0].Should().Be(new QueueData("a", 4, 4, 4, 0));
    }

    [Fact]
    public void Register_TopicMissingFromBody_StaysUnlessAskedOtherwise()
    {
        RouteTable forgetting = new(new RouteTableOptions { DeleteMissingTopics = static () => true }, _time);
        foreach (RouteTable table in new[] { _table, forgetting })
        {
            table.Register(Registrations.Of("a", 0, "h:1", version: 1, topics: ["T", "U"]));
            table.Register(Registrations.Of("a", 0, "h:1", version: 2, topics: ["T", "V"]));
        }

        _table.Snapshot.Topics.Keys.Should().BeEquivalentTo("T", "U", "V");
        forgetting.Snapshot.Topics.Keys.Should().BeEquivalentTo("T", "V");
    }

    [Fact]
    public void Register_LowestSlaveOfActingMasterGroup_RegistersReadOnlyQueues()
    {
        _table.Register(Registrations.Of("a", 1, "h:2", actingMaster: true, topics: ["T", "U"]));

        _table.Snapshot.Topics["T"].Queues[0].Perm.Should().Be(PermissionBits.Read);
    }

    [Fact]
    public void Register_SlaveOf4x_RegistersNoQueues()
    {
        _table.Register(Registrations.Of("a", 1, "h:2", topics: ["T", "U"]));

        _table.Snapshot.Topics.Should().BeEmpty();
        _table.Snapshot.Groups.Should().ContainKey("a");
    }

    [Fact]
    public void Unregister_LastMember_RemovesTopicsGroupAndCluster()
    {
        _table.Register(Registrations.Of("a", 0, "h:1", topics: ["T", "U"]));
        _table.Register(Registrations.Of("b", 0, "h:3", topics: ["T", "V"]));

        _table.Unregister("C", "a", "h:1");

        _table.Snapshot.Topics.Keys.Should().BeEquivalentTo("T", "V");
        _table.Snapshot.Topics["T"].Queues.Should().ContainSingle().Which.BrokerName.Should().Be("b");
        _table.Snapshot.Clusters["C"].Should().Equal("b");
        _table.Unregister("C", "b", "h:3");
        _table.Snapshot.Should().BeEquivalentTo(RouteSnapshot.Empty);
    }

    [Fact]
    public void Unregister_MasterWithSlaveLeft_KeepsQueuesAndMember()
    {
        _table.Register(Registrations.Of("a", 0, "h:1", topics: ["T", "U"]));
        _table.Register(Registrations.Of("a", 1, "h:2", topics: ["T", "U"]));

        _table.Unregister("C", "a", "h:1");

        _table.Snapshot.Groups["a"].Addresses.Select(static member => $"{member.Key}={member.Value}").Should().Equal("1=h:2");
        _table.Snapshot.Topics["T"].Queues[0].Perm.Should().Be(6);
    }

    [Fact]
    public void RemoveSilent_TimeoutsPassed_RemovesByEachBrokersOwn()
    {
        _table.Register(Registrations.Of("a", 0, "h:1", topics: ["T", "U"]));
        _table.Register(Registrations.Of("b", 0, "h:3", topics: ["T", "V"]) with { Timeout = TimeSpan.FromSeconds(10) });

        _time.Advance(TimeSpan.FromSeconds(11));
        _table.RemoveSilent().Select(static broker => broker.BrokerName).Should().Equal("b");

        _time.Advance(TimeSpan.FromSeconds(100));
        _table.Touch("C", "h:1");
        _time.Advance(TimeSpan.FromSeconds(120));
        _table.RemoveSilent().Should().BeEmpty();
        _time.Advance(TimeSpan.FromSeconds(1));
        _table.RemoveSilent().Select(static broker => broker.BrokerName).Should().Equal("a");
        _table.Snapshot.Should().BeEquivalentTo(RouteSnapshot.Empty);
    }

    [Fact]
    public void SetWritePermission_WipeAndAdd_TouchEveryTopicOfTheBroker()
    {
        _table.Register(Registrations.Of("a", 0, "h:1", topics: ["T", "U"]));
        _table.Register(Registrations.Of("b", 0, "h:3", topics: ["T", "V"]));

        _table.SetWritePermission("a", writable: false).Should().Be(2);
        _table.Snapshot.Topics["T"].Queues.Select(static queue => queue.Perm).Should().Equal(4, 6);
        _table.SetWritePermission("a", writable: true).Should().Be(2);
        _table.Snapshot.Topics["T"].Queues.Select(static queue => queue.Perm).Should().Equal(6, 6);
        _table.SetWritePermission("nobody", writable: false).Should().Be(0);
    }

    [Fact]
    public void DeleteTopic_OfOneCluster_KeepsTheOthers()
    {
        _table.Register(Registrations.Of("a", 0, "h:1", topics: ["T", "U"]));
        _table.Register(Registrations.Of("b", 0, "h:3", cluster: "D", topics: ["T", "V"]));

        _table.DeleteTopic("T", "D");
        _table.Snapshot.Topics["T"].Queues.Should().ContainSingle().Which.BrokerName.Should().Be("a");
        _table.DeleteTopic("T", null);
        _table.Snapshot.Topics.Should().NotContainKey("T");
    }

    [Fact]
    public void RegisterTopic_UnknownBroker_IsDropped()
    {
        _table.Register(Registrations.Of("a", 0, "h:1", topics: ["T", "U"]));

        _table.RegisterTopic("X", [new QueueData("a", 1, 1, 6, 0), new QueueData("nobody", 1, 1, 6, 0)]);
        _table.RegisterTopic("Y", [new QueueData("nobody", 1, 1, 6, 0)]);

        _table.Snapshot.Topics["X"].Queues.Should().ContainSingle();
        _table.Snapshot.Topics.Should().NotContainKey("Y");
    }

    [Fact]
    public void Register_BeyondLimits_IsRefusedAndLeavesTheTableAsItWas()
    {
        RouteTable small = new(new RouteTableOptions { MaxBrokers = 1, MaxTopics = 2 }, _time);
        small.Register(Registrations.Of("a", 0, "h:1", topics: ["T", "U"]));

        FluentActions.Invoking(() => small.Register(Registrations.Of("b", 0, "h:2", topics: ["T", "U"]))).Should().Throw<RemotingCommandException>().WithMessage("*maxBrokerCount*");
        FluentActions.Invoking(() => small.Register(Registrations.Of("a", 0, "h:1", version: 2, topics: ["T", "U", "V"]))).Should().Throw<RemotingCommandException>().WithMessage("*maxTopicCount*");
        small.Snapshot.Topics.Keys.Should().BeEquivalentTo("T", "U");
        small.Snapshot.Groups.Keys.Should().Equal("a");
    }

    [Fact]
    public void GetAnswer_NothingChanged_IsTheSameBytes_MembersChanged_IsMadeAnew()
    {
        _table.Register(Registrations.Of("a", 0, "h:1", topics: ["T", "U"]));
        ReadOnlyMemory<byte> first = Answer();
        Answer().Equals(first).Should().BeTrue("the answer is cached");

        _table.Register(Registrations.Of("b", 0, "h:3", topics: ["V", "W"]));
        ReadOnlyMemory<byte> second = Answer();
        second.Equals(first).Should().BeFalse("the groups changed");
        second.ToArray().Should().Equal(first.ToArray(), "the topic's own brokers did not");
        _table.Register(Registrations.Of("a", 1, "h:2", topics: ["T", "U"]));
        System.Text.Encoding.UTF8.GetString(Answer().Span).Should().Contain("h:2");
    }

    private ReadOnlyMemory<byte> Answer() => _table.Snapshot.Topics["T"].GetAnswer(_table.Snapshot.Groups, null, standard: false)!.Value;
}
