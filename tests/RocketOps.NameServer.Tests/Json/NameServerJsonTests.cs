using RocketOps.NameServer.Json;
using RocketOps.Testing.Json;

namespace RocketOps.NameServer.Tests.Json;

public sealed class NameServerJsonTests
{
    [Fact]
    public void Default_BodiesThatLeaveMembersOut_AreAsTheirClassesBegin()
    {
        LeftOutMembers.ObjectsOf(NameServerJson.Default).Should().Contain(NameServerJson.Default.TopicConfigBody);
        LeftOutMembers.FindLost(NameServerJson.Default).Should().BeEmpty();
    }

    [Fact]
    public void Default_BodiesWithNulls_GiveNoNullWhereNoneIsDeclared() =>
        LeftOutMembers.FindNulls(NameServerJson.Default).Should().BeEmpty();
}
