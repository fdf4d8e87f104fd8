using Microsoft.Extensions.Logging;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Tests.Hosting;

public sealed class OperatorArgumentsTests
{
    [Fact]
    public void TryParse_Nothing_Defaults()
    {
        OperatorArguments parsed = Parse([], [])!;

        parsed.Should().BeEquivalentTo(new { Kubeconfig = (string?)null, HttpPort = 8080, LogLevel = LogLevel.Information, LogLevelFile = (string?)null, Help = false });
        parsed.Options.Should().BeEquivalentTo(new { Namespaces = Array.Empty<string>(), LeaderElection = true, UpgradesClusters = false, Images = OperatorImages.Default });
    }

    [Fact]
    public void TryParse_CommandLineAndEnvironment_CommandLineFirst()
    {
        OperatorArguments parsed = Parse(
            ["--broker-image=mine/broker:2", "--namespace", "mq, shop", "--leader-election=false", "--upgrade-clusters=true"],
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
