using RocketOps.Protocol.Names;

namespace RocketOps.Protocol.Tests.Names;

public class GroupNamesTests
{
    [Theory]
    [InlineData("TOOLS_CONSUMER", true, true)]
    [InlineData("CID_ONS-HTTP-PROXY", true, true)]
    [InlineData("CID_RMQ_SYS_TRANS", true, true)]
    [InlineData("CID_RMQ_SYS_anything", true, true)]
    [InlineData("__MONITOR_CONSUMER", false, true)]
    [InlineData("CID_DefaultHeartBeatSyncerTopic", false, true)]
    [InlineData("cid_rmq_sys_x", false, false)]
    [InlineData("CID_orders", false, false)]
    [InlineData("tools_consumer", false, false)]
    public void RocketMqsOwnGroupsAreNoUsers(string group, bool isSystem, bool isOfServers)
    {
        GroupNames.IsSystem(group).Should().Be(isSystem);
        GroupNames.IsOfServers(group).Should().Be(isOfServers);
    }

    [Theory]
    [InlineData(" ", "The specified group is blank.")]
    [InlineData("a.b", "The specified group contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$")]
    [InlineData("g\n", "The specified group contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$")]
    [InlineData("%a|Z_-9", null)]
    public void NamesAreRefusedInRocketMqsWords(string group, string? problem) => GroupNames.FindProblem(group).Should().Be(problem);

    [Fact]
    public void ANameHasAtMost120Letters()
    {
        GroupNames.FindProblem(new string('g', 120)).Should().BeNull();
        GroupNames.FindProblem(new string('g', 121)).Should().Be("The specified group is longer than group max length 120.");
    }
}
