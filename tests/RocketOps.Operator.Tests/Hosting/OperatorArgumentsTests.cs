using Microsoft.Extensions.Logging;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Tests.Hosting;

public sealed class OperatorArgumentsTests
{
    [Fact]
    public void TryParse_ImagesAlone_Defaults()
    {
        OperatorArguments parsed = Parse(["--broker-image=r/broker:2", "--nameserver-image=r/nameserver:2"], [])!;

        parsed.Should().BeEquivalentTo(new { Kubeconfig = (string?)null, HttpPort = 8080, LogLevel = LogLevel.Information, LogLevelFile = (string?)null, Help = false });
        parsed.Options.Should().BeEquivalentTo(new { Namespaces = Array.Empty<string>(), LeaderElection = true, UpgradesClusters = false, Images = new OperatorImages("r/broker:2", "r/nameserver:2") });
    }

    /// <summary>Names of Docker Hub that nobody holds would be everybody's to take.</summary>
    [Theory]
    [InlineData("", "broker", "nameserver")]
    [InlineData("--broker-image=r/broker:2", "nameserver")]
    [InlineData("--nameserver-image=r/nameserver:2", "broker")]
    [InlineData("--help")]
    [InlineData("--await-ready=http://operator:8080/readyz")]
    public void TryParse_NoImages_AreDemandedOfWhoeverRunsBrokers(string argument, params string[] demanded)
    {
        List<string> errors = new();

        OperatorArguments? parsed = OperatorArguments.TryParse(argument.Length > 0 ? [argument] : [], static _ => null, errors);

        errors.Should().HaveCount(demanded.Length);
        errors.Select(static error => error[..error.IndexOf(" is needed: there are no published images", StringComparison.Ordinal)]).Should().Equal(demanded.Select(static name => $"--{name}-image"));
        (parsed is null).Should().Be(demanded.Length > 0);
    }

    [Fact]
    public void TryParse_CommandLineAndEnvironment_CommandLineFirst()
    {
        OperatorArguments parsed = Parse(
            ["--broker-image=mine/broker:2", "--nameserver-image=mine/nameserver:2", "--namespace", "mq, shop", "--leader-election=false", "--upgrade-clusters=true"],
            new() { ["ROCKETOPS_BROKER_IMAGE"] = "theirs/broker:1", ["ROCKETOPS_HTTP_PORT"] = "9090", ["ROCKETOPS_LOG_LEVEL"] = "WARN", ["ROCKETOPS_LOG_LEVEL_FILE"] = "/etc/level" })!;

        parsed.HttpPort.Should().Be(9090);
        (parsed.LogLevel, parsed.LogLevelFile).Should().Be((LogLevel.Warning, "/etc/level"));
        parsed.Options.Should().BeEquivalentTo(new { Namespaces = (string[])["mq", "shop"], LeaderElection = false, UpgradesClusters = true });
        parsed.Options.Images.Broker.Should().Be("mine/broker:2");
    }

    [Fact]
    public void TryParse_SeveralMistakes_AllReported()
    {
        List<string> errors = new();

        OperatorArguments? parsed = OperatorArguments.TryParse(["--htp-port=1", "--leader-election=maybe", "--http-port=70000", "--log-level=loud", "--await-ready=operator:8080", "--namespace"], static _ => null, errors);

        parsed.Should().BeNull();
        errors.Should().HaveCount(6);
        errors.Should().Contain(static error => error.StartsWith("--htp-port=1", StringComparison.Ordinal));
    }

    private static OperatorArguments? Parse(string[] arguments, Dictionary<string, string> environment)
    {
        List<string> errors = new();
        OperatorArguments? parsed = OperatorArguments.TryParse(arguments, environment.GetValueOrDefault, errors);
        errors.Should().BeEmpty();
        return parsed;
    }
}
