using System.Collections;
using RocketOps.Hosting.Properties;

namespace RocketOps.Hosting.Tests.Properties;

public sealed class PropertyLoaderTests : IDisposable
{
    private readonly List<string> _files = [];

    private static readonly PropertyDefinition<int> Port = PropertyDefinition.Int32("listenPort", 9876, 0, 65535);
    private static readonly PropertyDefinition<bool> Order = PropertyDefinition.Boolean("orderMessageEnable", false, live: true);
    private static readonly PropertyDefinition<string> Bind = PropertyDefinition.Text("bindAddress", "0.0.0.0");
    private static readonly PropertyDefinition<int> Role =
        PropertyDefinition.Choice("role", 0, new Dictionary<string, int>(StringComparer.Ordinal) { ["ASYNC_MASTER"] = 0, ["SLAVE"] = 1 });

    private static readonly PropertyCatalog Catalog = new(
    [
        Port, Order, Bind, Role,
        PropertyDefinition.Ignored("serverWorkerThreads", "Kestrel sizes its own threads."),
        PropertyDefinition.Unsupported("clusterTest", "ask the other environment's name server"),
    ]);

    [Fact]
    public void Load_FileEnvironmentAndArguments_StrongestWins()
    {
        string file = WriteFile("listenPort=1\nbindAddress=1.1.1.1\nrole=slave\n");
        Hashtable environment = new() { ["ROCKETOPS_listenPort"] = "2", ["ROCKETOPS_bindAddress"] = "2.2.2.2", ["ROCKETOPS_HOSTS"] = "/hosts", ["ROCKETOPS_NS_SERVICE_HOST"] = "x" };

        PropertyLoadResult result = PropertyLoader.Load(Catalog, Arguments("-c", file, "--listenPort=3"), environment);

        result.Errors.Should().BeEmpty();
        result.Values.Get(Port).Should().Be(3);
        result.Values.Get(Bind).Should().Be("2.2.2.2");
        result.Values.Get(Role).Should().Be(1);
        result.Values.Get(Order).Should().BeFalse();
        result.Values.OriginOf(Bind).ToString().Should().Be("environment ROCKETOPS_bindAddress");
    }

    [Fact]
    public void Load_SeveralMistakes_ReportsAllWithPlaceKeyAndWhatIsAllowed()
    {
        string file = WriteFile("# name server\nlistenPrt=1\nlistenPort=abc\norderMessageEnable=yes\nrole=MASTER\nquux=1\nlistenPort=70000\n");
        Hashtable environment = new() { ["ROCKETOPS_listenport"] = "1" };

        PropertyLoadResult result = PropertyLoader.Load(Catalog, Arguments("-c", file, "stray", "--bindAddress"), environment);

        result.Errors.Select(error => error.ToString().Replace(file, "f", StringComparison.Ordinal)).Should().Equal(
            "argument stray: not understood; properties are given as --key=value, the file as -c FILE",
            "argument --bindAddress: a value is missing",
            "f:2: listenPrt: unknown key; did you mean listenPort?",
            "f:3: listenPort: \"abc\" is not allowed; allowed: a whole number from 0 to 65535 (default 9876)",
            "f:4: orderMessageEnable: \"yes\" is not allowed; allowed: true or false (default false)",
            "f:5: role: \"MASTER\" is not allowed; allowed: one of ASYNC_MASTER, SLAVE (default ASYNC_MASTER)",
            "f:6: quux: unknown key",
            "f:7: listenPort: \"70000\" is not allowed; allowed: a whole number from 0 to 65535 (default 9876)",
            "environment ROCKETOPS_listenport: listenport: unknown key; did you mean listenPort?");
    }

    [Fact]
    public void Load_ValueAboveALimitThatRocketMQDoesNotHave_IsCappedWithAWarning()
    {
        PropertyDefinition<int> capped = PropertyDefinition.CappedInt32("maxMessageSize", 4, 1, 16);
        PropertyCatalog catalog = new([capped]);

        PropertyLoadResult result = PropertyLoader.Load(catalog, Arguments("--maxMessageSize=20000000000"), new Hashtable());

        result.Errors.Should().BeEmpty();
        result.Warnings.Should().ContainSingle().Which.Text.Should().Be("maxMessageSize: 20000000000 is more than is allowed; 16 is used");
        result.Values.Get(capped).Should().Be(16);
        PropertyLoader.Load(catalog, Arguments("--maxMessageSize=0"), new Hashtable()).Errors.Should().ContainSingle();
        PropertyLoader.Load(catalog, Arguments("--maxMessageSize=abc"), new Hashtable()).Errors.Should().ContainSingle();
    }

    [Fact]
    public void Load_ValueWithAPlaceholder_IsRefusedUnlessTheKeyHasNoEffect()
    {
        PropertyLoadResult result = PropertyLoader.Load(Catalog, Arguments("--bindAddress=${HOST}", "--serverWorkerThreads=${N}"), new Hashtable());

        result.Errors.Should().ContainSingle().Which.Text.Should().Be(
            "bindAddress: \"${HOST}\" is not allowed: no other value is put in the place of ${…}; write the whole value");
    }

    [Fact]
    public void Load_ValueWithAProblemOfItsOwn_SaysWhich()
    {
        PropertyCatalog catalog = new([PropertyDefinition.Text("even", "ab", "a text of even length", static text => text.Length % 2 == 0 ? null : "it is odd")]);

        PropertyLoader.Load(catalog, Arguments("--even=abc"), new Hashtable()).Errors.Should().ContainSingle().Which.Text.Should().Be(
            "even: \"abc\" is not allowed: it is odd; allowed: a text of even length (default ab)");
    }

    [Fact]
    public void Load_UnknownKey_SuggestionSaysWhatTheKeyIs()
    {
        PropertyCatalog catalog = new([PropertyDefinition.Int32("queueFileSize", 20, description: "Bytes of a queue's file.")]);

        PropertyLoader.Load(catalog, Arguments("--quueFileSize=1"), new Hashtable()).Errors.Should().ContainSingle().Which.Text.Should().Be(
            "quueFileSize: unknown key; did you mean queueFileSize? Bytes of a queue's file.");
    }

    [Fact]
    public void Load_FolderAsTheFile_IsCalledAFolder()
    {
        PropertyLoadResult result = PropertyLoader.Load(Catalog, Arguments("-c", Path.GetTempPath()), new Hashtable());

        result.Errors.Should().ContainSingle().Which.Message.Should().Be("this is a folder; name the configuration file in it");
    }

    [Fact]
    public void Load_FileMissing_IsAnErrorNotAnException()
    {
        PropertyLoadResult result = PropertyLoader.Load(Catalog, Arguments("-c", "/no/such/file"), new Hashtable());

        result.Errors.Should().ContainSingle().Which.ToString().Should().StartWith("/no/such/file: the configuration file cannot be read:");
    }

    [Fact]
    public void Load_SeveralFiles_LaterOnesGoOverEarlierOnes()
    {
        string first = WriteFile("listenPort=1\nbindAddress=1.1.1.1\norderMessageEnable=true\n");
        string second = WriteFile("listenPort=2\norderMessageEnable=\n");
        PropertyArguments arguments = Arguments("-c", first, "--configFile=" + second);

        PropertyLoadResult result = PropertyLoader.Load(Catalog, arguments, new Hashtable());

        result.Errors.Should().BeEmpty();
        result.Values.Get(Port).Should().Be(2);
        result.Values.Get(Bind).Should().Be("1.1.1.1");
        result.Values.Get(Order).Should().BeFalse("nothing stands there");
        arguments.ConfigFile.Should().Be(second, "changes are kept where they win");
    }

    [Fact]
    public void Load_OneOfSeveralFilesMissing_IsNamed()
    {
        string first = WriteFile("listenPort=1\n");

        PropertyLoadResult result = PropertyLoader.Load(Catalog, Arguments("-c", first, "-c", "/no/such/live.conf"), new Hashtable());

        result.Errors.Should().ContainSingle().Which.ToString().Should().StartWith("/no/such/live.conf: the configuration file cannot be read:");
    }

    [Fact]
    public void Load_KeyNotSupported_WarnsAndGoesOn()
    {
        PropertyLoadResult result = PropertyLoader.Load(Catalog, Arguments("--clusterTest=true", "--serverWorkerThreads", "8"), new Hashtable());

        result.Errors.Should().BeEmpty();
        result.Warnings.Should().ContainSingle().Which.ToString().Should()
            .Be("argument --clusterTest=true: clusterTest: not supported, the value has no effect; ask the other environment's name server");
    }

    [Fact]
    public void Load_EmptyValue_GivesDefault()
    {
        PropertyLoader.Load(Catalog, Arguments("--listenPort=1", "--listenPort="), new Hashtable()).Values.Get(Port).Should().Be(9876);
    }

    [Fact]
    public void Enumerate_AfterWriting_ListsHonouredAndWrittenKeysSorted()
    {
        PropertyValues values = PropertyLoader.Load(Catalog, Arguments("--listenPort=1", "--serverWorkerThreads=8"), new Hashtable()).Values;

        JavaPropertiesWriter.Write(values.Enumerate()).Should()
            .Be("bindAddress=0.0.0.0\nlistenPort=1\norderMessageEnable=false\nrole=ASYNC_MASTER\nserverWorkerThreads=8\n");
    }

    [Fact]
    public void Arguments_AliasAndFlags_AreSeparated()
    {
        PropertyArguments arguments = PropertyArguments.Parse(
            ["-n", "a:1;b:2", "-p"],
            new HashSet<string>(StringComparer.Ordinal) { "-p" },
            new Dictionary<string, string>(StringComparer.Ordinal) { ["-n"] = "namesrvAddr" });

        arguments.Flags.Should().Contain("-p");
        arguments.Entries.Should().ContainSingle().Which.Should().Match<PropertyEntry>(entry => entry.Key == "namesrvAddr" && entry.Value == "a:1;b:2");
    }

    private static PropertyArguments Arguments(params string[] arguments) =>
        PropertyArguments.Parse(arguments, new HashSet<string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));

    public void Dispose() => _files.ForEach(File.Delete);

    private string WriteFile(string text)
    {
        string path = Path.Combine(Path.GetTempPath(), "rocketops-" + Guid.NewGuid().ToString("N") + ".conf");
        _files.Add(path);
        File.WriteAllText(path, text);
        return path;
    }
}
