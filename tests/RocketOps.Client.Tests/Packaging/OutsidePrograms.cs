using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using RocketOps.Testing;
using RocketOps.Testing.Docs;

namespace RocketOps.Client.Tests.Packaging;

/// <summary>What outsiders make of the packages: the samples, the code of the pages, and the first program of docs/client.md with a handler that throws, and trimmed.</summary>
internal static partial class OutsidePrograms
{
    /// <summary>Where the trimmed program can be made: its runtime is a package for this kind of machine.</summary>
    public static readonly bool HasTrimmed = RuntimeInformation.RuntimeIdentifier == "linux-x64";

    /// <summary>The first program of docs/client.md.</summary>
    public static string First => DocumentedCode.Blocks("csharp")[0];

    public static string Throwing(string workplace) => Project(workplace, "throws");

    public static string Trimmed(string workplace) => Project(workplace, "trimmed");

    /// <summary>The samples' projects.</summary>
    public static IReadOnlyList<string> Samples(string workplace) => [.. Directory.EnumerateFiles(Path.Combine(workplace, "samples"), "*.csproj", SearchOption.AllDirectories)];

    /// <summary>Writes all of them and returns their projects.</summary>
    /// <param name="workplace">The folder they go to.</param>
    /// <param name="packages">The folder of the packages.</param>
    public static async Task<IReadOnlyList<string>> WriteAsync(string workplace, string packages)
    {
        await CopySamplesAsync(workplace);
        await WriteDocumentedAsync(workplace, packages);
        string throwing = Patient(First).Replace("return ValueTask.FromResult(ConsumeResult.Success);", "throw new InvalidOperationException(\"no bottles\");", StringComparison.Ordinal)
            .Replace("HELLO", "THROWS", StringComparison.Ordinal).Replace("hello-consumer", "throws-consumer", StringComparison.Ordinal);
        throwing.Should().Contain("no bottles").And.Contain("THROWS").And.Contain("throws-consumer");
        await WriteProjectAsync(Throwing(workplace), framework: null, ["RocketOps.Client"], string.Empty, throwing);
        if (HasTrimmed)
        {
            // The runtime alone: the SDK would also fetch what packages might want of ASP.NET.
            await WriteProjectAsync(
                Trimmed(workplace),
                framework: null,
                ["RocketOps.Client"],
                """
                <RuntimeIdentifier>linux-x64</RuntimeIdentifier>
                <SelfContained>true</SelfContained>
                <DisableTransitiveFrameworkReferenceDownloads>true</DisableTransitiveFrameworkReferenceDownloads>
                <PublishTrimmed>true</PublishTrimmed>
                <TrimMode>full</TrimMode>
                <TrimmerSingleWarn>false</TrimmerSingleWarn>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <EnableAotAnalyzer>true</EnableAotAnalyzer>
                <EnableSingleFileAnalyzer>true</EnableSingleFileAnalyzer>
                <VerifyReferenceTrimCompatibility>true</VerifyReferenceTrimCompatibility>
                <VerifyReferenceAotCompatibility>true</VerifyReferenceAotCompatibility>
                """,
                Patient(First));
        }

        return [.. Samples(workplace), Project(workplace, "documented"), Throwing(workplace), .. HasTrimmed ? [Trimmed(workplace)] : Array.Empty<string>()];
    }

    /// <summary>A program whose own limits, which are for its user, do not decide here.</summary>
    public static string Patient(string program)
    {
        const string Limit = "TimeSpan.FromMinutes(5)";
        string code = ShortLimit().Replace(program, Limit);
        code = Options().Replace(code, $"new ${{type}}Options {{ ConnectTimeout = {Limit}, RequestTimeout = {Limit}, ");
        code = Unlimited().Replace(code, $"new ProducerOptions {{ SendTimeout = {Limit}, ");
        return code.Replace("AdminOptions()", $"AdminOptions {{ ConnectTimeout = {Limit}, RequestTimeout = {Limit} }}", StringComparison.Ordinal);
    }

    private static string Project(string workplace, string name) => Path.Combine(workplace, name, name + ".csproj");

    private static async Task CopySamplesAsync(string workplace)
    {
        string samples = Path.Combine(SharedKits.RepositoryRoot, "samples");
        foreach (string file in Directory.EnumerateFiles(samples, "*", SearchOption.AllDirectories)
            .Where(static file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal) && Path.GetFileName(file) != "NuGet.config"))
        {
            string copy = Path.Combine(workplace, "samples", Path.GetRelativePath(samples, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            string text = await File.ReadAllTextAsync(file);
            await File.WriteAllTextAsync(copy, file.EndsWith(".cs", StringComparison.Ordinal) ? Patient(text) : text);
        }
    }

    private static async Task WriteDocumentedAsync(string workplace, string packages)
    {
        string[] ids = [.. Directory.EnumerateFiles(packages, "*.nupkg").Select(static file => Path.GetFileName(file)[..^".0.1.0.nupkg".Length])];
        string project = Project(workplace, "documented");
        await WriteProjectAsync(project, "Microsoft.AspNetCore.App", ids, string.Empty, "System.Console.WriteLine();");
        int number = 0;
        foreach (string block in DocumentedBlocks.ToRun("csharp").Select(static block => block.Text))
        {
            await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(project)!, $"Block{number}.cs"), DocumentedCode.AsFile(block, number));
            number++;
        }
    }

    /// <summary>A program with these packages and, beside the runtime alone, a shared framework.</summary>
    private static async Task WriteProjectAsync(string project, string? framework, IEnumerable<string> packages, string properties, string program)
    {
        string folder = Directory.CreateDirectory(Path.GetDirectoryName(project)!).FullName;
        await File.WriteAllTextAsync(project, $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                {properties}
              </PropertyGroup>
              <ItemGroup>
                {(framework is null ? string.Empty : $"<FrameworkReference Include=\"{framework}\" />")}
                {string.Concat(packages.Select(static id => $"<PackageReference Include=\"{id}\" Version=\"*\" />"))}
              </ItemGroup>
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), program);
    }

    [GeneratedRegex(@"TimeSpan\.From(Seconds\(30|Minutes\([12])\)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex ShortLimit();

    [GeneratedRegex(@"new (?<type>Producer|PushConsumer|LitePullConsumer|Admin)Options\s*\{\s*", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Options();

    [GeneratedRegex(@"new ProducerOptions \{ (?![^}]*SendTimeout)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Unlimited();
}
