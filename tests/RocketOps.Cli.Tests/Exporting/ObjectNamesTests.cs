using System.Text.RegularExpressions;
using RocketOps.Cli.Exporting;

namespace RocketOps.Cli.Tests.Exporting;

public sealed partial class ObjectNamesTests
{
    [Theory]
    [InlineData("orders", "orders")]
    [InlineData("7-orders", "7-orders")]
    [InlineData("OrderEvents", "orderevents")]
    [InlineData("pay_ments", "pay-ments")]
    [InlineData("ns%orders|eu", "ns-orders-eu")]
    [InlineData("_x-", "x")]
    [InlineData("%|_", "topic")]
    public void Choose_OneName_IsAsNearAsKubernetesAllows(string name, string expected) =>
        ObjectNames.Choose([name], "topic")[name].Should().Be(expected);

    [Fact]
    public void Choose_SeveralBecomeTheSame_OnlyTheOneCalledSoKeepsIt()
    {
        IReadOnlyDictionary<string, string> names = ObjectNames.Choose(["Orders", "ORDERS", "orders"], "topic");

        names["orders"].Should().Be("orders");
        names.Values.Should().OnlyHaveUniqueItems().And.AllSatisfy(static name => name.Should().StartWith("orders"));
        names["Orders"].Should().MatchRegex("^orders-[0-9a-f]{8}$");
    }

    [Fact]
    public void Choose_InAnyOrder_IsTheSame()
    {
        string[] names = ["a_b", "a-b", "A-B", "a|b", "a%b", "%", "_"];

        ObjectNames.Choose([.. names.Reverse()], "topic").Should().BeEquivalentTo(ObjectNames.Choose(names, "topic"));
    }

    /// <summary>A topic that is already called as another one would be with its hash.</summary>
    [Fact]
    public void Choose_HashedNameIsTaken_TakesMoreOfTheHash()
    {
        string hashed = ObjectNames.Choose(["Orders", "orders"], "topic")["Orders"];

        IReadOnlyDictionary<string, string> names = ObjectNames.Choose(["Orders", "orders", hashed], "topic");

        names[hashed].Should().Be(hashed);
        names.Values.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Choose_LongestNames_AreNamesOfKubernetesAndUnique()
    {
        string longest = new('A', 127);
        IReadOnlyDictionary<string, string> names = ObjectNames.Choose([longest, longest.ToLowerInvariant(), longest[..126] + "_", new string('|', 127), new string('%', 127)], "group");

        names.Values.Should().OnlyHaveUniqueItems().And.AllSatisfy(static name => Subdomain().IsMatch(name).Should().BeTrue("{0}", name));
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Subdomain();
}
