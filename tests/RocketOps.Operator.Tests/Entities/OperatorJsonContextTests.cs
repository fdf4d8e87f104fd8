using RocketOps.Operator.Entities;
using RocketOps.Testing.Json;

namespace RocketOps.Operator.Tests.Entities;

public sealed class OperatorJsonContextTests
{
    /// <summary>Nulls are no matter: where a definition allows none, the API server refuses them or takes the default.</summary>
    [Fact]
    public void Default_ObjectsThatLeaveMembersOut_AreAsTheirClassesBegin()
    {
        LeftOutMembers.ObjectsOf(OperatorJsonContext.Default).Should().Contain(OperatorJsonContext.Default.BrokersSpec);
        LeftOutMembers.FindLost(OperatorJsonContext.Default).Should().BeEmpty();
    }
}
