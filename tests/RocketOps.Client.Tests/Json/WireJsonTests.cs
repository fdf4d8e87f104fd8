using System.Text;
using RocketOps.Client.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Json;

namespace RocketOps.Client.Tests.Json;

public sealed class WireJsonTests
{
    /// <summary>
    /// A topic that a program makes here has eight queues, as that of RocketMQ's tools; what a broker leaves out of one is as RocketMQ's
    /// class begins.
    /// </summary>
    private static readonly string[] Apart = ["TopicConfig.ReadQueues of {} is 16, not 8", "TopicConfig.WriteQueues of {} is 16, not 8"];

    [Fact]
    public void Default_BodiesThatLeaveMembersOut_AreAsTheirClassesBegin()
    {
        LeftOutMembers.ObjectsOf(WireJson.Default).Should().Contain([WireJson.Default.ClusterInfo, WireJson.Default.BrokerData]);
        LeftOutMembers.FindLost(WireJson.Default).Should().BeEquivalentTo(Apart);
    }

    [Fact]
    public void Default_BodiesWithNulls_GiveNoNullWhereNoneIsDeclared() =>
        LeftOutMembers.FindNulls(WireJson.Default).Should().BeEmpty();

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"brokerAddrTable":null,"clusterAddrTable":null}""")]
    public void Read_ClusterWithoutTables_HasNoBrokers(string body)
    {
        ClusterInfo cluster = WireJson.Read(Answer(body), WireJson.Default.ClusterInfo, "ns:9876");

        cluster.Brokers.Should().BeEmpty();
        cluster.Clusters.Should().BeEmpty();
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"table":null}""")]
    public void Read_BodyWithoutWhatItIsFor_NamesServerAndMember(string body) =>
        FluentActions.Invoking(() => WireJson.Read(Answer(body), WireJson.Default.KeyValueTable, "ns:9876"))
            .Should().Throw<RocketMqException>().WithMessage("ns:9876 answered a body that is no KeyValueTable: *table*");

    private static RemotingCommand Answer(string body) => new() { Body = Encoding.UTF8.GetBytes(body) };
}
