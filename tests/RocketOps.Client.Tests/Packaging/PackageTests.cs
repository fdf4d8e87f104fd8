using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Xml.Linq;
using RocketOps.Testing;
using RocketOps.Testing.Docs;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;

namespace RocketOps.Client.Tests.Packaging;

/// <summary>The library as an outsider installs and uses it, by the words of docs/client.md.</summary>
public sealed class PackageTests(LocalFeed feed) : IClassFixture<LocalFeed>
{
    /// <summary>Samples that run until somebody ends them.</summary>
    private static readonly string[] Endless = ["Delay", "Transaction", "Worker"];

    [Fact]
    public async Task Package_OfTheClient_ShowsTheClientAloneAndNeedsNothingButLogging()
    {
        await using FileStream file = File.OpenRead(Directory.EnumerateFiles(feed.Packages, "RocketOps.Client.*.nupkg").Single(static path => char.IsAsciiDigit(Path.GetFileName(path)["RocketOps.Client.".Length])));
        using ZipArchive package = new(file, ZipArchiveMode.Read);
        using StreamReader nuspec = new(package.GetEntry("RocketOps.Client.nuspec")!.Open());
        string metadata = await nuspec.ReadToEndAsync();

        string[] entries = [.. package.Entries.Select(static entry => entry.FullName)];
        entries.Should().Contain(["README.md", "icon.png", "LICENSE", "ref/net10.0/RocketOps.Client.xml", "lib/net10.0/RocketOps.Client.pdb"]);
        entries.Where(static entry => entry.StartsWith("ref/", StringComparison.Ordinal) && entry.EndsWith(".dll", StringComparison.Ordinal)).Should().Equal("ref/net10.0/RocketOps.Client.dll");
        metadata.Should().Contain("Apache-2.0").And.NotContain("frameworkReference");
        XDocument.Parse(metadata).Descendants().Where(static element => element.Name.LocalName == "dependency").Select(static element => element.Attribute("id")!.Value)
            .Should().Equal("Microsoft.Extensions.Logging.Abstractions");
        using StreamReader documentation = new(package.GetEntry("ref/net10.0/RocketOps.Client.xml")!.Open());
        (await documentation.ReadToEndAsync()).Should().Contain("M:RocketOps.Client.RocketMqProducer.SendAsync(");
    }

    [Fact]
    public void PublicTypes_OfTheClient_NameNothingThatThePackageHides()
    {
        string[] hidden = ["RocketOps.Hosting", "RocketOps.Messages", "RocketOps.Remoting"];

        typeof(RocketMqProducer).Assembly.GetExportedTypes()
            .SelectMany(static type => type.GetMembers().SelectMany(member => Named(member).Append(type.BaseType).Concat(type.GetInterfaces())), static (type, named) => (type, named))
            .Where(pair => hidden.Contains(pair.named?.Assembly.GetName().Name, StringComparer.Ordinal))
            .Should().BeEmpty();
    }

    [Fact]
    public async Task FirstProgram_FollowingTheDocs_SendsAndReceives()
    {
        await using RocketOpsServer server = new();
        await server.StartAsync();
        string folder = feed.Workplace;
        foreach (string command in DocumentedCode.Blocks("sh")[1].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = command.Split(' ');
            if (words[0] == "cd")
            {
                folder = Path.Combine(folder, words[1]);
            }
            else
            {
                words[0].Should().Be("dotnet");
                await feed.DotnetAsync(folder, words[1..]);
            }
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), DocumentedCode.Blocks("csharp")[0]);
        DocumentedCode.Blocks("sh")[2].Should().Be("export NAMESRV_ADDR=127.0.0.1:9876\ndotnet run\n", "the test does the same with another port");
        ProcessResult result = await feed.RunAsync(folder, Environment(server), "run");

        result.ExitCode.Should().Be(0, "{0}\n{1}", result, await server.LogsAsync());
        result.Output.Should().MatchRegex("sent [0-9A-F]{32} to HELLO@broker-a:[0-9]").And.Contain("received hello, world");
        result.Error.Should().BeEmpty("nothing went wrong");
        string[] configurations = Directory.GetFiles(folder, "*.runtimeconfig.json", SearchOption.AllDirectories);
        (await File.ReadAllTextAsync(configurations.Should().ContainSingle().Which)).Should().Contain("Microsoft.NETCore.App").And.NotContain("AspNetCore", "a console program needs the runtime alone");
    }

    [Fact]
    public async Task Handler_ThrowsWithoutALogger_IsSeenOnStandardError()
    {
        await using RocketOpsServer server = new();
        await server.StartAsync();
        string folder = await CreateProjectAsync("throws", framework: null, "RocketOps.Client");
        string program = DocumentedCode.Blocks("csharp")[0];
        string changed = program.Replace("return ValueTask.FromResult(ConsumeResult.Success);", "throw new InvalidOperationException(\"no bottles\");", StringComparison.Ordinal);
        changed.Should().NotBe(program);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), changed);

        ProcessResult result = await feed.RunAsync(folder, Environment(server), "run");

        result.Error.Should().Contain("the handler failed for message").And.Contain("no bottles").And.Contain("HELLO@broker-a");
    }

    [SkippableFact]
    public async Task Program_TrimmedAndSelfContained_BuildsWithoutAWarningSendsAndReceives()
    {
        Skip.IfNot(RuntimeInformation.RuntimeIdentifier == "linux-x64", "the runtime to pack in is there for 64-bit Linux");
        await using RocketOpsServer server = new();
        await server.StartAsync();
        string folder = await CreateProjectAsync("trimmed", framework: null, "RocketOps.Client");
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), DocumentedCode.Blocks("csharp")[0]);

        // The runtime alone: the SDK would also fetch what packages might want of ASP.NET.
        await feed.DotnetAsync(
            folder, "publish", "-p:DisableTransitiveFrameworkReferenceDownloads=true", "--runtime", "linux-x64", "--self-contained", "--output", "out", "-p:PublishTrimmed=true", "-p:TrimMode=full", "-p:TrimmerSingleWarn=false", "-p:TreatWarningsAsErrors=true",
            "-p:EnableAotAnalyzer=true", "-p:EnableSingleFileAnalyzer=true", "-p:VerifyReferenceTrimCompatibility=true", "-p:VerifyReferenceAotCompatibility=true");

        ProcessResult result = await ChildProcess.RunAsync(Path.Combine(folder, "out", "trimmed"), [], TimeSpan.FromMinutes(2), Environment(server), folder);

        result.ExitCode.Should().Be(0, "{0}\n{1}", result, await server.LogsAsync());
        result.Output.Should().Contain("received hello, world");
        Directory.GetFiles(Path.Combine(folder, "out"), "*.dll").Select(Path.GetFileName).Should().Contain("RocketOps.Client.dll").And.NotContain("System.Xml.Linq.dll", "it is trimmed");
    }

    [Fact]
    public async Task CodeOfTheDocs_AgainstThePackage_Compiles()
    {
        string folder = await CreateProjectAsync("documented", "Microsoft.AspNetCore.App", Ids());
        IReadOnlyList<string> blocks = [.. DocumentedBlocks.ToRun("csharp").Select(static block => block.Text)];
        blocks.Should().HaveCountGreaterThan(3, "else nothing was looked at").And.Contain(DocumentedBlocks.Of("README.md", "csharp").Single().Text);
        for (int i = 0; i < blocks.Count; i++)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, $"Block{i}.cs"), DocumentedCode.AsFile(blocks[i], i));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), "System.Console.WriteLine();");
        await feed.DotnetAsync(folder, "build");
    }

    [Fact]
    public async Task Samples_AgainstThePackage_BuildAndRun()
    {
        string samples = Path.Combine(SharedKits.RepositoryRoot, "samples");
        string folder = Path.Combine(feed.Workplace, "samples");
        foreach (string file in Directory.EnumerateFiles(samples, "*", SearchOption.AllDirectories)
            .Where(static file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal) && Path.GetFileName(file) != "NuGet.config"))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(samples, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        string[] projects = [.. Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories)];
        projects.Should().HaveCount(12);
        await using RocketOpsServer server = new(new ServerOptions { Broker = new Dictionary<string, string>(StringComparer.Ordinal) { ["enablePropertyFilter"] = "true" } });
        await server.StartAsync();
        foreach (string project in projects)
        {
            await feed.DotnetAsync(folder, "build", project);
            if (!Endless.Contains(Path.GetFileNameWithoutExtension(project), StringComparer.Ordinal))
            {
                ProcessResult result = await feed.RunAsync(folder, Environment(server), "run", "--no-build", "--project", project);
                result.ExitCode.Should().Be(0, "{0}: {1}\n{2}", project, result, await server.LogsAsync());
            }
        }

        (await File.ReadAllTextAsync(Path.Combine(samples, "Hello", "Program.cs"))).Should().Be(DocumentedCode.Blocks("csharp")[0], "docs/client.md shows this program")
            .And.Be(DocumentedBlocks.Of("README.md", "csharp").Single().Text, "the README shows it too");
    }

    private static IEnumerable<Type?> Named(System.Reflection.MemberInfo member) => member switch
    {
        System.Reflection.MethodBase method => method.GetParameters().Select(static parameter => parameter.ParameterType).Append((method as System.Reflection.MethodInfo)?.ReturnType),
        System.Reflection.PropertyInfo property => [property.PropertyType],
        System.Reflection.FieldInfo field => [field.FieldType],
        _ => [],
    };

    private static Dictionary<string, string> Environment(RocketOpsServer server) => new(StringComparer.Ordinal) { ["NAMESRV_ADDR"] = server.NameServerAddress };

    private string[] Ids() => [.. Directory.EnumerateFiles(feed.Packages, "*.nupkg").Select(static file => Path.GetFileName(file)[..^".0.1.0.nupkg".Length])];

    /// <summary>A program with these packages and, beside the runtime alone, a shared framework.</summary>
    private async Task<string> CreateProjectAsync(string name, string? framework, params string[] packages)
    {
        string folder = Directory.CreateDirectory(Path.Combine(feed.Workplace, name)).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, name + ".csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                {(framework is null ? string.Empty : $"<FrameworkReference Include=\"{framework}\" />")}
                {string.Concat(packages.Select(static id => $"<PackageReference Include=\"{id}\" Version=\"*\" />"))}
              </ItemGroup>
            </Project>
            """);
        return folder;
    }
}
