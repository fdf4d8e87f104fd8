using RocketOps.NameServer.Routing;
using RocketOps.NameServer.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Time;

namespace RocketOps.NameServer.Tests.Routing;

/// <summary>Brokers that claim a name or an id where there is room for one, and changes of a master that only look so.</summary>
public sealed class ConflictTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<BrokerConflict> _found = [];
    private readonly RouteTable _table;

    public ConflictTests()
    {
        _table = new RouteTable(new RouteTableOptions(), _time) { ConflictFound = _found.Add };
    }

    [Fact]
    public void Register_SameNameAndIdOfASecondCluster_IsRefusedAndChangesNoRoute()
    {
        Register("h:1", cluster: "C1");
        RouteSnapshot before = _table.Snapshot;

        FluentActions.Invoking(() => Register("h:2", cluster: "C2")).Should().Throw<RemotingCommandException>()
            .WithMessage("brokers of two clusters register as a with id 0: h:1 of cluster C1, and h:2 of cluster C2, which the name server refuses.*another brokerName*")
            .Which.ResponseCode.Should().Be(ResponseCode.SystemError);

        _table.Snapshot.Should().BeSameAs(before);
        _table.BrokerCount.Should().Be(1);
        _found.Should().ContainSingle().Which.IsRefused.Should().BeTrue();
        Register("h:1", cluster: "C1");
        _table.Snapshot.Groups["a"].Addresses[0].Should().Be("h:1");
    }

    [Fact]
    public void Register_SecondClusterAfterTheFirstHasStopped_IsTaken()
    {
        Register("h:1", cluster: "C1");
        _table.Unregister("C1", "a", "h:1");

        Register("h:2", cluster: "C2");

        _table.Snapshot.Groups["a"].Cluster.Should().Be("C2");
        _found.Should().BeEmpty();
    }

    [Fact]
    public void Register_SecondClusterAfterTheFirstWasSilent_IsTaken()
    {
        Register("h:1", cluster: "C1");
        _time.Advance(RouteTable.DefaultTimeout + TimeSpan.FromSeconds(1));

        Register("h:2", cluster: "C2");

        _table.Snapshot.Groups["a"].Addresses[0].Should().Be("h:2");
    }

    /// <summary>As when a cluster is renamed: the same broker comes back.</summary>
    [Fact]
    public void Register_SameAddressInAnotherCluster_IsTaken()
    {
        Register("h:1", cluster: "C1");

        Register("h:1", cluster: "C2");
        Register("h:1", cluster: "C2");

        _found.Should().BeEmpty();
    }

    /// <summary>As when a cluster of master and slave is renamed one by one: it goes on, with a warning.</summary>
    [Fact]
    public void Register_OtherIdOfASecondCluster_IsTakenWithAWarning()
    {
        Register("h:1", id: 0, cluster: "C1");
        Register("h:2", id: 1, cluster: "C1");
        _table.Unregister("C1", "a", "h:1");

        Register("h:1", id: 0, cluster: "C2");

        _table.Snapshot.Groups["a"].Addresses.Should().Contain(0, "h:1").And.Contain(1, "h:2");
        _found.Should().ContainSingle().Which.Text.Should().StartWith("brokers of two clusters register as a: h:2 with id 1 of cluster C1, and h:1 with id 0 of cluster C2.");
    }

    [Fact]
    public void Register_TwoAddressesKeepRegistering_IsAConflictThatNamesBoth()
    {
        Register("h:1");
        Register("h:2");
        Register("h:1");
        _found.Should().BeEmpty("the first may have registered late");

        Register("h:2");

        BrokerConflict conflict = _found.Should().ContainSingle().Subject;
        conflict.IsRefused.Should().BeFalse();
        conflict.Text.Should().StartWith("two brokers register as a with id 0: h:2 and h:1 of cluster C.");
        _table.Snapshot.Groups["a"].Addresses[0].Should().Be("h:2", "the last one wins, as in RocketMQ");
    }

    [Fact]
    public void Register_ManyTimesBetweenTheOther_IsAConflict()
    {
        Register("h:1");
        for (int round = 0; round < 2; round++)
        {
            Register("h:2");
            Register("h:1");
            Register("h:1");
            Register("h:1");
        }

        _found.Should().NotBeEmpty();
    }

    /// <summary>Pods come back with other addresses, and the name server may not have seen that the former one is gone.</summary>
    [Fact]
    public void Register_ReplacedWithANewAddressAgainAndAgain_IsNoConflict()
    {
        for (int pod = 1; pod < 8; pod++)
        {
            for (int round = 0; round < 4; round++)
            {
                Register($"h:{pod}");
                Register($"s:{pod}", id: 1);
            }
        }

        _found.Should().BeEmpty();
        _table.Snapshot.Groups["a"].Addresses[0].Should().Be("h:7");
    }

    /// <summary>Each new master takes the id 0 while the former one, alive, registers as a slave, now and then late.</summary>
    [Fact]
    public void Register_MasterElectedAgainAndAgain_IsNoConflict()
    {
        string[] members = ["h:1", "h:2", "h:3"];
        for (int epoch = 1; epoch < 10; epoch++)
        {
            string master = members[epoch % members.Length];
            Register(master, id: 0, epoch: epoch);
            if (epoch > 1)
            {
                Register(members[(epoch - 1) % members.Length], id: 0, epoch: epoch - 1);
            }

            for (int member = 0; member < members.Length; member++)
            {
                Register(members[member], id: members[member] == master ? 0 : member + 1, epoch: epoch);
            }

            _table.Snapshot.Groups["a"].Addresses[0].Should().Be(master);
        }

        _found.Should().BeEmpty();
    }

    /// <summary>A failover by hand: a slave is started as the master while the former master is silent but not yet forgotten.</summary>
    [Fact]
    public void Register_SlaveBecomesMasterAndBack_IsNoConflict()
    {
        for (int change = 0; change < 4; change++)
        {
            (string master, string slave) = change % 2 == 0 ? ("h:1", "h:2") : ("h:2", "h:1");
            Register(master, id: 0);
            Register(slave, id: 1);
            Register(master, id: 0);
            Register(slave, id: 1);
        }

        _found.Should().BeEmpty();
    }

    private void Register(string address, long id = 0, string cluster = "C", long epoch = 0) =>
        _table.Register(Registrations.Of("a", id, address, cluster: cluster, stateVersion: epoch, topics: ["T", "U"]));
}
