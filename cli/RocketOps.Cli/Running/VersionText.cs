using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;

namespace RocketOps.Cli.Running;

/// <summary>Our version, beside that of the protocol.</summary>
internal sealed class VersionText : SynchronousCommandLineAction
{
    public const string Protocol = "5.3.3";

    public static string Own { get; } = typeof(VersionText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine($"rocketops {Own}, speaks the remoting protocol of RocketMQ {Protocol}");
        return ExitCodes.Success;
    }
}
