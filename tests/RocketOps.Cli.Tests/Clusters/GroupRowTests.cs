using RocketOps.Cli.Clusters;

namespace RocketOps.Cli.Tests.Clusters;

/// <summary>What <c>rocketops cluster status</c> makes of a group while its master changes.</summary>
public sealed class GroupRowTests
{
    [Fact]
    public void Once_TheNewMasterStillHasItsOwnAddress_IsListedOnceUnderTheMasters() =>
        Told(Row(0, "b", "b", 8), Row(1, "a", "b", 8), Row(2, "b", "b", 8), Row(3, "c", "a", 7)).Should().Equal("0 b master", "1 a slave", "3 c slave");

    [Fact]
    public void Once_TheMastersAddressStillLeadsToTheFormerOne_TheLatestEpochSaysWhoLeads() =>
        Told(Row(0, "a", "a", 7), Row(1, "a", "a", 7), Row(2, "b", "b", 8), Row(3, "c", "b", 8)).Should().Equal("2 b master", "1 a slave", "3 c slave");

    [Fact]
    public void Once_TheMastersAddressLeadsNowhereYet_ThatAddressIsNoSecondMaster() =>
        Told(Row(0, null, null, 0), Row(1, "a", "b", 8), Row(2, "b", "b", 8)).Should().Equal("2 b master", "0 ? slave", "1 a slave");

    [Fact]
    public void Once_TheMasterIsDeadAndNobodyElseLeads_ItsAddressIsTheMasters() =>
        Told(Row(0, null, null, 0), Row(1, "a", "b", 8), Row(3, "c", "b", 8)).Should().Equal("0 ? master", "1 a slave", "3 c slave");

    [Fact]
    public void Once_NobodyHoldsTheLease_TheIdsSayWhatTheNameServersKnow() =>
        Told(Row(0, "b", "", 8), Row(2, "b", "", 8), Row(1, "a", "", 8)).Should().Equal("0 b master", "1 a slave");

    /// <summary>Brokers that are no members may answer alike; each has its own address.</summary>
    [Fact]
    public void Once_WithConfiguredRoles_EveryAddressIsListed() =>
        Told(Row(1, null, null, 0), Row(0, null, null, 0), Row(2, null, null, 0)).Should().Equal("0 ? master", "1 ? slave", "2 ? slave");

    private static string[] Told(params GroupRow[] rows) => [.. GroupRow.Once(rows).Select(static entry => $"{entry.Row.Id} {entry.Row.Member ?? "?"} {(entry.IsMaster ? "master" : "slave")}")];

    private static GroupRow Row(long id, string? member, string? master, long epoch)
    {
        Dictionary<string, string> figures = new(StringComparer.Ordinal);
        if (member is not null)
        {
            figures["rocketOpsMember"] = member;
            figures["rocketOpsMaster"] = master!;
            figures["rocketOpsEpoch"] = epoch.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return new GroupRow(id, $"10.0.0.{id}:10911", figures, null);
    }
}
