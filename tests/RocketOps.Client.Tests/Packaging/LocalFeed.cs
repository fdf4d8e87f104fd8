using System.Reflection;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Client.Tests.Packaging;

/// <summary>
/// The library as an outsider gets it: packed into a folder that is the source of packages, beside the one where this build keeps what the library depends on, and a package
/// cache of its own, so that neither the network nor an earlier run plays a part.
/// </summary>
public sealed class LocalFeed : IAsyncLifetime
{
    /// <summary>For one command of the SDK on a machine that is short of CPU.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static readonly string Dependencies =
        typeof(LocalFeed).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static metadata => metadata.Key == "NuGetPackageRoot").Value!;

    private readonly TempDirectory _directory = new("client-package-");

    /// <summary>Folder for projects; its NuGet.config names the feed.</summary>
    public string Workplace => _directory.Path;

    public string Packages => Path.Combine(Workplace, "feed");

    public async Task InitializeAsync()
    {
        foreach (string project in Directory.EnumerateFiles(Path.Combine(SharedKits.RepositoryRoot, "client"), "*.csproj", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            await DotnetAsync(SharedKits.RepositoryRoot, "pack", project, "--no-build", "--configuration", Configuration, "--output", Packages);
        }

        await File.WriteAllTextAsync(Path.Combine(Workplace, "NuGet.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="feed" value="feed" />
                <add key="dependencies" value="{Dependencies}" />
              </packageSources>
            </configuration>
            """);
    }

    public Task DisposeAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Runs the SDK and returns what it said; throws when it fails.</summary>
    public async Task<ProcessResult> DotnetAsync(string folder, params string[] arguments)
    {
        ProcessResult result = await ChildProcess.RunAsync("dotnet", arguments, Patience, Environment(), folder);
        result.EnsureSuccess();
        return result;
    }

    /// <summary>Runs a program that was built here and returns what it said, whatever its exit code.</summary>
    public Task<ProcessResult> RunAsync(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        ChildProcess.RunAsync("dotnet", arguments, Patience, new Dictionary<string, string>(Environment().Concat(environment), StringComparer.Ordinal), folder);

    // Build servers would keep the pipes of the command that started them.
    private Dictionary<string, string> Environment() => new(StringComparer.Ordinal)
    {
        ["NUGET_PACKAGES"] = Path.Combine(Workplace, "cache"),
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["UseSharedCompilation"] = "false",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_SKIP_FIRST_TIME_EXPERIENCE"] = "1",
        ["CI"] = "false",
    };
}
