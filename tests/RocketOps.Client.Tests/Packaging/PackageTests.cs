using System.Globalization;
using System.IO.Compression;
using System.Xml.Linq;
using RocketOps.Testing;
using RocketOps.Testing.Docs;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Client.Tests.Packaging;

/// <summary>The library as an outsider installs and uses it, by the words of docs/client.md.</summary>
[Trait("ring", RingRules.Programs)]
public sealed class PackageTests(LocalFeed feed) : IClassFixture<LocalFeed>
{
    /// <summary>Samples that run until somebody ends them.</summary>
    private static readonly string[] Endless = ["Delay", "Transaction", "Worker"];

    [Fact]
    public async Task Package_OfTheClient_ShowsTheClientAloneAndNeedsLoggingAndChecksums()
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
            .Should().Equal("Microsoft.Extensions.Logging.Abstractions", "System.IO.Hashing");
        using StreamReader documentation = new(package.GetEntry("ref/net10.0/RocketOps.Client.xml")!.Open());
        (await documentation.ReadToEndAsync()).Should().Contain("M:RocketOps.Client.RocketMqProducer.SendAsync(");
    }

    [Fact]
    public void PublicTypes_OfTheClient_NameNothingThatThePackageHides()
    {
        string[] hidden = ["RocketOps.Hosting", "RocketOps.Protocol", "RocketOps.Remoting"];

        typeof(RocketMqProducer).Assembly.GetExportedTypes()
            .SelectMany(static type => type.GetMembers().SelectMany(member => Named(member).Append(type.BaseType).Concat(type.GetInterfaces())), static (type, named) => (type, named))
            .Where(pair => hidden.Contains(pair.named?.Assembly.GetName().Name, StringComparer.Ordinal))
            .Should().BeEmpty();
    }

    [Fact]
    public async Task FirstProgram_FollowingTheDocs_SendsAndReceives()
    {
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

        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), OutsidePrograms.Patient(OutsidePrograms.First));
        DocumentedCode.Blocks("sh")[2].Should().Be("export NAMESRV_ADDR=127.0.0.1:9876\ndotnet run\n", "the test does the same with another port");
        ProcessResult result = await feed.RunAsync(folder, "dotnet", "run");

        result.ExitCode.Should().Be(0, "{0}\n{1}", result, await feed.LogsAsync());
        result.Output.Should().MatchRegex("sent [0-9A-F]{32} to HELLO@broker-a:[0-9]").And.Contain("received hello, world");
        result.Error.Should().BeEmpty("nothing went wrong");
        string[] configurations = Directory.GetFiles(folder, "*.runtimeconfig.json", SearchOption.AllDirectories);
        (await File.ReadAllTextAsync(configurations.Should().ContainSingle().Which)).Should().Contain("Microsoft.NETCore.App").And.NotContain("AspNetCore", "a console program needs the runtime alone");

        // As it is written: when nobody is there, its own limits let it end.
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), OutsidePrograms.First);
        string nobody = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{LoopbackPorts.Find(0)}");
        ProcessResult alone = await feed.RunAtAsync(nobody, folder, "dotnet", "run");
        alone.ExitCode.Should().NotBe(0, "{0}", alone);
        alone.Error.Should().Contain(nameof(RocketMqException), "it says why");
        alone.Output.Should().NotContain("sent ");
    }

    [Fact]
    public async Task Handler_ThrowsWithoutALogger_IsSeenOnStandardError()
    {
        ProcessResult result = await feed.RunBuiltAsync(OutsidePrograms.Throwing(feed.Workplace));

        result.Error.Should().Contain("the handler failed for message").And.Contain("no bottles").And.Contain("THROWS@broker-a");
    }

    [SkippableFact]
    public async Task Program_TrimmedAndSelfContained_BuildsWithoutAWarningSendsAndReceives()
    {
        Skip.IfNot(OutsidePrograms.HasTrimmed, "the runtime to pack in is there for 64-bit Linux");
        string project = OutsidePrograms.Trimmed(feed.Workplace);
        string output = Path.Combine(feed.Workplace, "trimmed-out");

        await feed.DotnetAsync(feed.Workplace, "publish", project, "--no-build", "--configuration", "Debug", "--output", output);

        ProcessResult result = await feed.RunAsync(output, Path.Combine(output, "trimmed"));

        result.ExitCode.Should().Be(0, "{0}\n{1}", result, await feed.LogsAsync());
        result.Output.Should().Contain("received hello, world");
        Directory.GetFiles(output, "*.dll").Select(Path.GetFileName).Should().Contain("RocketOps.Client.dll").And.NotContain("System.Xml.Linq.dll", "it is trimmed");
    }

    [Fact]
    public void CodeOfTheDocs_AgainstThePackage_Compiles()
    {
        string[] blocks = [.. DocumentedBlocks.ToRun("csharp").Select(static block => block.Text)];

        blocks.Should().HaveCountGreaterThan(3, "else nothing was looked at").And.Contain(DocumentedBlocks.Of("README.md", "csharp").Single().Text);
        string folder = Path.Combine(feed.Workplace, "documented");
        Directory.GetFiles(folder, "Block*.cs").Should().HaveSameCount(blocks);
        File.Exists(Path.Combine(folder, "bin", "Debug", "net10.0", "documented.dll")).Should().BeTrue("the build would have failed otherwise");
    }

    [Fact]
    public async Task Samples_AgainstThePackage_BuildAndRun()
    {
        IReadOnlyList<string> projects = OutsidePrograms.Samples(feed.Workplace);
        projects.Should().HaveCount(13);

        // They have topics of their own, and wait for the broker more than they work.
        await Parallel.ForEachAsync(
            projects.Where(static project => !Endless.Contains(Path.GetFileNameWithoutExtension(project), StringComparer.Ordinal)),
            new ParallelOptions { MaxDegreeOfParallelism = 3 },
            async (project, _) =>
            {
                ProcessResult result = await feed.RunBuiltAsync(project);
                result.ExitCode.Should().Be(0, "{0}: {1}\n{2}", project, result, await feed.LogsAsync());
            });

        (await File.ReadAllTextAsync(Path.Combine(SharedKits.RepositoryRoot, "samples", "Hello", "Program.cs"))).Should().Be(OutsidePrograms.First, "docs/client.md shows this program")
            .And.Be(DocumentedBlocks.Of("README.md", "csharp").Single().Text, "the README shows it too");
    }

    private static IEnumerable<Type?> Named(System.Reflection.MemberInfo member) => member switch
    {
        System.Reflection.MethodBase method => method.GetParameters().Select(static parameter => parameter.ParameterType).Append((method as System.Reflection.MethodInfo)?.ReturnType),
        System.Reflection.PropertyInfo property => [property.PropertyType],
        System.Reflection.FieldInfo field => [field.FieldType],
        _ => [],
    };
}
