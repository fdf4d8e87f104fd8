using System.Runtime.InteropServices;
using RocketOps.Embedded;

namespace RocketOps.Cli.Up;

/// <summary>The programs beside this one that stand for the images of brokers and name servers.</summary>
internal static class LocalPrograms
{
    public static IReadOnlyDictionary<string, LocalProgram> Find()
    {
        LocalProgram broker = new(Beside("RocketOps.Broker"));
        LocalProgram nameServer = new(Beside("RocketOps.NameServer"));
        return new Dictionary<string, LocalProgram>(StringComparer.Ordinal)
        {
            ["broker"] = broker,
            ["rocketops-broker"] = broker,
            ["nameserver"] = nameServer,
            ["rocketops-nameserver"] = nameServer,
        };
    }

    /// <summary>
    /// Lets the children find the runtime this process found: an SDK in a folder of its own is not where the programs'
    /// starters look by themselves.
    /// </summary>
    public static void ShareRuntime()
    {
        // …/dotnet/shared/Microsoft.NETCore.App/VERSION/; a self-contained or native program lies elsewhere and needs nothing.
        string root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is null && Directory.Exists(Path.Combine(root, "shared", "Microsoft.NETCore.App")))
        {
            Environment.SetEnvironmentVariable("DOTNET_ROOT", root);
        }
    }

    private static string Beside(string program) =>
        Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? program + ".exe" : program);
}
