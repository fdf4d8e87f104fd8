using System.Reflection;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;

namespace RocketOps.Client.Tests.Packaging;

/// <summary>
/// The library as an outsider gets it: packed into a folder that is the source of packages, beside the one where this build keeps what the library depends on, and a package
/// cache of its own, so that neither the network nor an earlier run plays a part. The programs that use it are restored and built once, together, by one compiler.
/// </summary>
public sealed class LocalFeed : IAsyncLifetime
{
    /// <summary>For one command of the SDK on a machine that is short of CPU.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private readonly TempDirectory _directory = new("client-package-");
    private readonly string _compiler = $"rocketops-{Guid.NewGuid():N}";
    private readonly RocketOpsServer _server = new(new ServerOptions { Broker = new Dictionary<string, string>(StringComparer.Ordinal) { ["enablePropertyFilter"] = "true" } });

    /// <summary>Folder for projects; its NuGet.config names the feed.</summary>
    public string Workplace => _directory.Path;

    public string Packages => Path.Combine(Workplace, "feed");

    public async Task InitializeAsync()
    {
        // The SDK of this build, whatever others there are.
        File.Copy(Path.Combine(SharedKits.RepositoryRoot, "global.json"), Path.Combine(Workplace, "global.json"));
        string packages = await SolutionAsync("packages", Directory.EnumerateFiles(Path.Combine(SharedKits.RepositoryRoot, "client"), "*.csproj", SearchOption.AllDirectories));
        await DotnetAsync(Workplace, "pack", packages, "--no-build", "--configuration", Configuration, $"-p:PackageOutputPath={Packages}");
        await File.WriteAllTextAsync(Path.Combine(Workplace, "NuGet.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="feed" value="feed" />
                <add key="dependencies" value="{OfThisBuild("NuGetPackageRoot")}" />
              </packageSources>
            </configuration>
            """);
        string programs = await SolutionAsync("programs", await OutsidePrograms.WriteAsync(Workplace, Packages));
        await DotnetAsync(Workplace, "build", programs);
        await _server.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        (await ChildProcess.RunAsync("dotnet", [OfThisBuild("CompilerServer"), "-shutdown", $"-pipename:{_compiler}"], Patience)).EnsureSuccess();
        _directory.Dispose();
    }

    /// <summary>Runs the SDK; throws when it fails.</summary>
    public async Task DotnetAsync(string folder, params string[] arguments) =>
        (await ChildProcess.RunAsync("dotnet", arguments, Patience, Environment(), folder)).EnsureSuccess();

    /// <summary>Runs a program at a broker, by <c>dotnet</c> or as it is, and returns what it said, whatever its exit code.</summary>
    public Task<ProcessResult> RunAsync(string folder, string program, params string[] arguments) => RunAtAsync(_server.NameServerAddress, folder, program, arguments);

    /// <summary>The same at name servers of the caller's.</summary>
    public Task<ProcessResult> RunAtAsync(string nameServers, string folder, string program, params string[] arguments) =>
        ChildProcess.RunAsync(program, arguments, Patience, new Dictionary<string, string>(Environment(), StringComparer.Ordinal) { ["NAMESRV_ADDR"] = nameServers }, folder);

    /// <summary>Runs one of the programs that were built together.</summary>
    public Task<ProcessResult> RunBuiltAsync(string project) =>
        RunAsync(Workplace, "dotnet", Path.Combine(Path.GetDirectoryName(project)!, "bin", "Debug", "net10.0", Path.GetFileNameWithoutExtension(project) + ".dll"));

    /// <summary>What the broker wrote, for failure messages.</summary>
    public Task<string> LogsAsync() => _server.LogsAsync();

    private static string OfThisBuild(string key) => typeof(LocalFeed).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == key).Value!;

    private async Task<string> SolutionAsync(string name, IEnumerable<string> projects)
    {
        string path = Path.Combine(Workplace, name + ".slnx");
        await File.WriteAllTextAsync(path, $"<Solution>{string.Concat(projects.Order(StringComparer.Ordinal).Select(static project => $"<Project Path=\"{project}\" />"))}</Solution>");
        return path;
    }

    // MSBuild's servers would keep the pipes of the command that started them; the compiler's does not, and is this feed's own.
    private Dictionary<string, string> Environment() => new(StringComparer.Ordinal)
    {
        ["NUGET_PACKAGES"] = Path.Combine(Workplace, "cache"),
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
        ["UseSharedCompilation"] = "true",
        ["SharedCompilationId"] = _compiler,
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_SKIP_FIRST_TIME_EXPERIENCE"] = "1",
        ["CI"] = "false",
    };
}
