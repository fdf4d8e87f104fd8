using System.Text;
using RocketOps.NameServer.Routing;
using RocketOps.NameServer.Tests.Support;

namespace RocketOps.NameServer.Tests.Routing;

public sealed class RouteJsonTests
{
    // What Apache's name servers answer for the same registrations is compared in the interop ring; these texts are theirs.
    private const string Lenient =
        "{\"brokerDatas\":[{\"brokerAddrs\":{0:\"10.1.2.3:10911\",1:\"10.1.2.4:10911\"},\"brokerName\":\"broker-a\",\"cluster\":\"DefaultCluster\",\"enableActingMaster\":false}],"
        + "\"filterServerTable\":{},\"queueDatas\":[{\"brokerName\":\"broker-a\",\"perm\":6,\"readQueueNums\":8,\"topicSysFlag\":0,\"writeQueueNums\":8}]}";

    private const string Standard =
        "{\"brokerDatas\":[{\"brokerAddrs\":{\"0\":\"10.1.2.3:10911\",\"1\":\"10.1.2.4:10911\"},\"brokerName\":\"broker-a\",\"cluster\":\"DefaultCluster\",\"enableActingMaster\":false}],"
        + "\"filterServerTable\":{},\"queueDatas\":[{\"brokerName\":\"broker-a\",\"perm\":6,\"readQueueNums\":8,\"topicSysFlag\":0,\"writeQueueNums\":8}]}";

    private readonly RouteTable _table = new(new RouteTableOptions(), TimeProvider.System);

    public RouteJsonTests()
    {
        _table.Register(Registrations.Of("broker-a", 0, "10.1.2.3:10911", cluster: "DefaultCluster", topics: ["T", "U"]));
        _table.Register(Registrations.Of("broker-a", 1, "10.1.2.4:10911", cluster: "DefaultCluster", topics: ["T", "U"]));
    }

    [Theory]
    [InlineData(false, Lenient)]
    [InlineData(true, Standard)]
    public void Route_InBothShapes_IsWordForWordRocketMqs(bool standard, string expected)
    {
        Text(_table.Snapshot.Topics["T"].GetAnswer(_table.Snapshot.Groups, null, standard)!.Value).Should().Be(expected);
    }

    [Fact]
    public void Route_WithOrderConfig_CarriesIt()
    {
        Text(_table.Snapshot.Topics["T"].GetAnswer(_table.Snapshot.Groups, "broker-a:8", standard: true)!.Value)
            .Should().Contain("\"filterServerTable\":{},\"orderTopicConf\":\"broker-a:8\",\"queueDatas\":[");
    }

    [Fact]
    public void Route_NoBrokerRegistered_IsNone()
    {
        _table.Snapshot.Topics["T"].GetAnswer(RouteSnapshot.Empty.Groups, null, standard: true).Should().BeNull();
    }

    [Fact]
    public void Route_OfAZone_LeavesMastersOfOthersOut()
    {
        _table.Register(Registrations.Of("broker-z", 0, "10.1.2.5:10911", cluster: "DefaultCluster", topics: ["T", "U"]) with { ZoneName = "Z1" });

        string body = Text(RouteJson.Write(_table.Snapshot.Topics["T"], _table.Snapshot.Groups, null, standard: false, zone: "z1")!.Value);

        body.Should().Contain("\"zoneName\":\"Z1\"").And.NotContain("broker-a");
    }

    [Fact]
    public void ClusterInfo_IsLenient()
    {
        Text(RouteJson.WriteClusterInfo(_table.Snapshot)).Should().Be(
            "{\"brokerAddrTable\":{\"broker-a\":{\"brokerAddrs\":{0:\"10.1.2.3:10911\",1:\"10.1.2.4:10911\"},\"brokerName\":\"broker-a\",\"cluster\":\"DefaultCluster\",\"enableActingMaster\":false}},"
            + "\"clusterAddrTable\":{\"DefaultCluster\":[\"broker-a\"]}}");
    }

    [Fact]
    public void MemberGroup_KnownAndUnknown()
    {
        BrokerGroup group = _table.Snapshot.Groups["broker-a"];
        Text(RouteJson.WriteMemberGroup(group, "DefaultCluster", "broker-a")).Should().Be(
            "{\"brokerMemberGroup\":{\"brokerAddrs\":{0:\"10.1.2.3:10911\",1:\"10.1.2.4:10911\"},\"brokerName\":\"broker-a\",\"cluster\":\"DefaultCluster\"}}");
        Text(RouteJson.WriteMemberGroup(null, "C", "x")).Should().Be("{\"brokerMemberGroup\":{\"brokerAddrs\":{},\"brokerName\":\"x\",\"cluster\":\"C\"}}");
    }

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
