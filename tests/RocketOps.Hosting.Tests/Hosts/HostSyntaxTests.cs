using RocketOps.Hosting.Hosts;

namespace RocketOps.Hosting.Tests.Hosts;

public sealed class HostSyntaxTests
{
    [Theory]
    [InlineData("broker-a")]
    [InlineData("rmq_broker.mq.svc.cluster.local")]
    [InlineData("10.1.2.3")]
    [InlineData("fd00::7")]
    [InlineData("[fd00::7]")]
    [InlineData("fe80::1%lo")]
    public void FindHostProblem_NameOrAddress_FindsNone(string host) => HostSyntax.FindHostProblem(host).Should().BeNull();

    [Theory]
    [InlineData("10.0.0.5:10911", "it has a port")]
    [InlineData("[fd00::7]:10911", "it has a port")]
    [InlineData("10.0.0.5 # host", "a comment behind a value belongs to the value*")]
    [InlineData("http://broker", "it is a URL")]
    [InlineData("10.0.0.5 10.0.0.6", "it has a blank")]
    [InlineData("<your ip>", "it has a blank")]
    [InlineData("<ip>", "\"<ip>\" is no host name*")]
    [InlineData("10911", "\"10911\" is no IPv4 address*")]
    [InlineData("10.0.0", "\"10.0.0\" is no IPv4 address*")]
    [InlineData("10.0.0.256", "\"10.0.0.256\" is no IPv4 address*")]
    [InlineData("fd00:::7", "\"fd00:::7\" is no IPv6 address")]
    [InlineData("a..b", "\"a..b\" is no host name*")]
    [InlineData("0.0.0.0", "it stands for all addresses*")]
    [InlineData("::", "it stands for all addresses*")]
    public void FindHostProblem_AnythingElse_SaysWhatIsWrong(string host, string expected) => HostSyntax.FindHostProblem(host).Should().Match(expected);

    [Theory]
    [InlineData("127.0.0.1:9876")]
    [InlineData("ns1:9876;ns2:9876")]
    [InlineData("ns1:9876, [fd00::7]:9876 ;")]
    public void FindListProblem_Addresses_FindsNone(string list) => HostSyntax.FindListProblem(list).Should().BeNull();

    [Theory]
    [InlineData("127.0.0.1", "it has no port")]
    [InlineData("[fd00::7]", "it has no port")]
    [InlineData("fd00::7:9876", "an IPv6 address with a port needs brackets*")]
    [InlineData("127.0.0.1:9876 # ns", "a comment behind a value belongs to the value*")]
    [InlineData("http://127.0.0.1:9876", "it is a URL")]
    [InlineData("ns1:9876 ns2:9876", "it has a blank")]
    [InlineData(":9876", "it has no host")]
    [InlineData("ns1:0", "\"0\" is no port*")]
    [InlineData("ns1:99999", "\"99999\" is no port*")]
    [InlineData("ns1:9876;ns2", "of \"ns2\", it has no port")]
    [InlineData(";", "there is no address in it")]
    public void FindListProblem_AnythingElse_SaysWhatIsWrong(string list, string expected) => HostSyntax.FindListProblem(list).Should().Match(expected);

    [Theory]
    [InlineData("fd00::7", "[fd00::7]:9876")]
    [InlineData("[fd00::7]", "[fd00::7]:9876")]
    [InlineData("fe80::1%1", "[fe80::1]:9876")]
    [InlineData("10.1.2.3", "10.1.2.3:9876")]
    [InlineData("name", "name:9876")]
    public void Join_BareHost_HasBracketsAroundIPv6AndNoZone(string host, string expected) => HostSyntax.Join(HostSyntax.Bare(host), 9876).Should().Be(expected);

    /// <summary>.NET takes all of these for addresses.</summary>
    [Theory]
    [InlineData("1")]
    [InlineData("127.1")]
    [InlineData("[::1]:80")]
    public void TryParse_ShortOrLongForms_AreNoAddresses(string text) => HostSyntax.TryParse(text, out _).Should().BeFalse();
}
