using System.Reflection;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Tests.Configuration;
using RocketOps.Election.Members;
using RocketOps.Hosting.Properties;

namespace RocketOps.Broker.Tests.Hosting;

public sealed class BrokerCatalogTests
{
    // What the benchmark's and the kit's scripts write for Apache's brokers.
    private static readonly string[] ApacheFile =
    [
        "brokerClusterName=DefaultCluster", "brokerName=TestBrokerName_1", "brokerId=0", "brokerIP1=127.0.0.1", "brokerIP2=127.0.0.1", "namesrvAddr=127.0.0.1:20000",
        "listenPort=20100", "haListenPort=20101", "storePathRootDir=/tmp/store1", "storePathCommitLog=/tmp/store1/commitlog", "brokerRole=ASYNC_MASTER",
        "flushDiskType=ASYNC_FLUSH", "enablePropertyFilter=true", "mappedFileSizeCommitLog=104857600", "enableCalcFilterBitMap=true", "enableConsumeQueueExt=true",
        "appendAckAsync=true", "appendCkAsync=true", "recallMessageEnable=true", "popConsumerKVServiceInit=true", "loadBalancePollNameServerInterval=500",
        "maxTransferCountOnMessageInMemory=1024", "maxTransferCountOnMessageInDisk=1024", "maxIndexNum=1000", "maxHashSlotNum=4000", "diskMaxUsedSpaceRatio=95",
        "waitTimeMillsInSendQueue=3000", "osPageCacheBusyTimeOutMills=5000", "transactionCheckInterval=2000", "transactionTimeOut=1000", "traceTopicEnable=true",
    ];

    [Fact]
    public void Load_FilesWrittenForApache_StartWithoutComplaint()
    {
        PropertyLoadResult result = Load(ApacheFile);

        result.Errors.Should().BeEmpty();
        result.Warnings.Should().BeEmpty();
        BrokerOptions options = BrokerOptions.From(result.Values);
        options.BrokerName.Should().Be("TestBrokerName_1");
        options.NameServers.Should().Equal("127.0.0.1:20000");
        options.ListenPort.Should().Be(20100);
    }

    [Fact]
    public void Load_SeveralMistakes_AllReportedWithLineAndWhatIsAllowed()
    {
        PropertyLoadResult result = Load("# a comment", "listenPrt=10911", "brokerRole=MASTER", string.Empty, "maxMessageSize=many", "flushDiskType=SYNC_FLUSH");

        string[] errors = [.. result.Errors.Select(static error => error.ToString())];
        errors.Should().HaveCount(3);
        errors[0].Should().Contain("broker.conf:2").And.Contain("listenPrt").And.Contain("listenPort");
        errors[1].Should().Contain("broker.conf:3").And.Contain("ASYNC_MASTER, SYNC_MASTER, SLAVE");
        errors[2].Should().Contain("broker.conf:5").And.Contain("maxMessageSize").And.Contain("many").And.Contain("whole number");
    }

    [Theory]
    [InlineData("aclEnable")]
    [InlineData("authenticationEnabled")]
    [InlineData("authorizationEnabled")]
    [InlineData("enableControllerMode")]
    public void Load_SafetyThatIsNotThere_IsRefused(string key)
    {
        Load($"{key}=true").Errors.Should().ContainSingle().Which.ToString().Should().Contain(key).And.Contain("allowed: false");
        Load($"{key}=false").Errors.Should().BeEmpty();
    }

    [Fact]
    public void FindContradictions_SlaveWithoutId_IsReported()
    {
        PropertyLoadResult result = Load("brokerRole=SLAVE");

        BrokerOptions.FindContradictions(result.Values).Should().ContainSingle().Which.ToString().Should().Contain("broker.conf:1").And.Contain("brokerId");
    }

    /// <summary>It would take messages, and be registered where no producer looks.</summary>
    [Theory]
    [InlineData("brokerRole=ASYNC_MASTER")]
    [InlineData("brokerRole=SYNC_MASTER")]
    [InlineData("clusterTopicEnable=true")]
    public void FindContradictions_MasterWithTheIdOfASlave_IsReported(string role)
    {
        PropertyLoadResult result = Load(role, "brokerId=1");

        BrokerOptions.FindContradictions(result.Values).Should().ContainSingle().Which.ToString().Should().Contain("broker.conf:2").And.Contain("brokerId").And.Contain("_MASTER");
        BrokerOptions.FindContradictions(Load(role, "brokerId=0").Values).Should().BeEmpty();
    }

    [Fact]
    public void FindContradictions_MoreMustBeInSyncThanAreWaitedFor_IsReported()
    {
        PropertyLoadResult result = Load("brokerRole=SYNC_MASTER", "minInSyncReplicas=3");

        BrokerOptions.FindContradictions(result.Values).Should().ContainSingle().Which.ToString().Should().Contain("broker.conf:2").And.Contain("inSyncReplicas");
        BrokerOptions.FindContradictions(Load("minInSyncReplicas=2").Values).Should().BeEmpty("inSyncReplicas is 2 when it is not set");
    }

    [Fact]
    public void Group_WithoutFaults_IsReadAsWritten()
    {
        PropertyLoadResult result = Load(
            "failover=Automatic", "memberName=b", "groupMembers=a@10.0.0.1:10911, b@host-b:20911", "leaseStore=file:/var/lease", "replicationMode=Async", "leaseDurationMillis=9000", "minInSyncReplicas=2", "apiOutage=Serve");

        result.Errors.Should().BeEmpty();
        BrokerOptions.FindContradictions(result.Values).Should().BeEmpty();
        ElectionSettings group = BrokerOptions.From(result.Values).Group!;
        group.SlaveId.Should().Be(2);
        group.Members.Should().Equal(new MemberAddress("a", "10.0.0.1:10911"), new MemberAddress("b", "host-b:20911"));
        group.Options.Address.Should().Be("host-b:20911");
        group.Options.Mode.Should().Be(ReplicationMode.Async);
        group.Options.Lease.Duration.Should().Be(TimeSpan.FromSeconds(9));
        group.Options.MinInSync.Should().Be(2);
        group.Options.ServesWithoutLease.Should().BeTrue();
        BrokerOptions.From(Load("memberName=b").Values).Group.Should().BeNull("failover is None when it is not set");
    }

    [Theory]
    [InlineData("brokerName=g", 1_500)]
    [InlineData("leaseDurationMillis=4000", 1_000)]
    [InlineData("leaseDurationMillis=30000", 1_500)]
    [InlineData("haMaxTimeSlaveNotCatchup=3600", 1_200)]
    [InlineData("leaseRenewMillis=700", 700)]
    public void Group_RenewalThatNobodySet_FitsWhatIsSet(string line, int renewMillis)
    {
        PropertyLoadResult result = Load("failover=Automatic", "memberName=a", "groupMembers=a@h:1,b@h:2", "leaseStore=file:/var/lease", line);

        BrokerOptions.FindContradictions(result.Values).Should().BeEmpty("earlier versions took it");
        BrokerOptions.From(result.Values).Group!.Options.ServesWithoutLease.Should().BeFalse("nobody asked for it");
        BrokerOptions.From(result.Values).Group!.Options.Lease.Renew.Should().Be(TimeSpan.FromMilliseconds(renewMillis));
    }

    [Theory]
    [InlineData("memberName=c", "memberName", "not among the members")]
    [InlineData("brokerRole=SLAVE", "brokerRole", "election")]
    [InlineData("groupMembers=a@h:1,b@h", "groupMembers", "'b@h'")]
    [InlineData("groupMembers=a@h:1,b@h:2,b@h:3", "groupMembers", "twice")]
    [InlineData("groupMembers=a@h:1,b/x@h:2", "groupMembers", "'b/x@h:2'")]
    [InlineData("minInSyncReplicas=3", "minInSyncReplicas", "1 to 2")]
    [InlineData("leaseDurationMillis=2000", "leaseDurationMillis", "three renewals")]
    [InlineData("haMaxTimeSlaveNotCatchup=2999", "haMaxTimeSlaveNotCatchup", "room for three")]
    [InlineData("leaseStore=floppy:A", "leaseStore", "file:/path")]
    [InlineData("leaseStore=file:relative", "leaseStore", "full path")]
    public void Group_EachFault_NamesItsKey(string line, string key, string text)
    {
        PropertyLoadResult result = Load("failover=Automatic", "memberName=a", "groupMembers=a@h:1,b@h:2", "leaseStore=file:/var/lease", line);

        BrokerOptions.FindContradictions(result.Values).Should().ContainSingle().Which.ToString().Should().Contain($"broker.conf:5: {key}:").And.Contain(text);
    }

    [Fact]
    public void TryUpdate_LiveKey_TakesEffect()
    {
        BrokerSettings settings = new(BrokerOptions.From(Load("brokerPermission=6").Values));

        settings.TryUpdate([Entry("brokerPermission", "4")]).Should().BeEmpty();

        settings.Current.IsWriteable.Should().BeFalse();
        settings.Current.IsReadable.Should().BeTrue();
    }

    [Fact]
    public void TryUpdate_LiveKeyOfAFeature_TakesEffectForWhoHasItsOptions()
    {
        BrokerSettings settings = new(BrokerOptions.From(Load("longPollingEnable=true", "maxParkedPulls=7").Values));
        CurrentOptions<PullOptions> options = settings.Of<PullOptions>();
        PullOptions before = options.Value;

        settings.TryUpdate([Entry("longPollingEnable", "false")]).Should().BeEmpty();

        options.Value.LongPolling.Should().BeFalse();
        options.Value.MaxParkedPulls.Should().Be(7);
        before.LongPolling.Should().BeTrue("a snapshot does not change");
        settings.Of<PullOptions>().Should().BeSameAs(options);
    }

    [Fact]
    public void TryUpdate_TheChangeCannotBeApplied_LeavesTheOptionsOfFeatures()
    {
        BrokerSettings settings = new(BrokerOptions.From(Load("longPollingEnable=true").Values)) { Applying = static _ => throw new IOException("no") };
        CurrentOptions<PullOptions> options = settings.Of<PullOptions>();

        ((Action)(() => settings.TryUpdate([Entry("longPollingEnable", "false")]))).Should().Throw<IOException>();

        options.Value.LongPolling.Should().BeTrue();
    }

    [Fact]
    public void TryUpdate_OneKeyNeedsARestart_NothingIsApplied()
    {
        BrokerSettings settings = new(BrokerOptions.From(Load("brokerPermission=6", "listenPort=10911").Values));

        IReadOnlyList<PropertyProblem> problems = settings.TryUpdate([Entry("brokerPermission", "4"), Entry("listenPort", "10000")]);

        problems.Should().ContainSingle().Which.ToString().Should().Contain("listenPort").And.Contain("10911");
        settings.Current.Permission.Should().Be(6);
    }

    [Fact]
    public void Defaults_EveryKey_IsAllowedByItself()
    {
        foreach (PropertyDefinition definition in BrokerCatalog.All.Definitions.Where(static definition => definition.DefaultText is { Length: > 0 }))
        {
            definition.Accepts(definition.DefaultText!).Should().BeTrue(definition.Name);
        }
    }

    /// <summary>A key that stands with a feature and not in the catalog would be refused as one that nobody knows.</summary>
    [Fact]
    public void Catalog_EveryKeyOfAFeature_IsInItOnce()
    {
        string[] keys =
        [
            .. typeof(BrokerCatalog).Assembly.GetTypes()
                .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
                .Where(static field => field.FieldType.IsSubclassOf(typeof(PropertyDefinition)))
                .Select(static field => ((PropertyDefinition)field.GetValue(null)!).Name),
        ];

        keys.Should().HaveCountGreaterThan(140).And.OnlyHaveUniqueItems();
        BrokerCatalog.All.Definitions.Select(static definition => definition.Name).Should().OnlyHaveUniqueItems().And.Contain(keys);
    }

    /// <summary>
    /// apache-keys.txt: every property that the setters of BrokerConfig, MessageStoreConfig, NettyServerConfig, NettyClientConfig and AuthConfig of 4.9.7 and 5.5.0 take,
    /// listed by reflection over Apache's jars.
    /// </summary>
    [Fact]
    public void Catalog_EveryKeyOfApachesBrokers_IsKnown()
    {
        string[] keys = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Configuration", "apache-keys.txt"));

        keys.Should().HaveCountGreaterThan(500);
        keys.Where(static key => BrokerCatalog.All.Find(key) is null).Should().BeEmpty();
    }

    [Fact]
    public void Documentation_Page_IsThatOfTheKeys()
    {
        if (Environment.GetEnvironmentVariable("ROCKETOPS_WRITE_DOCS") == "1")
        {
            File.WriteAllText(ConfigurationPage.FilePath, ConfigurationPage.Render());
        }

        File.ReadAllText(ConfigurationPage.FilePath).Should().Be(ConfigurationPage.Render(), "ROCKETOPS_WRITE_DOCS=1 dotnet test tests/RocketOps.Broker.Tests writes it anew");
    }

    [Theory]
    [InlineData("storePathCommitLog", "${storePathRootDir}/commitlog")]
    [InlineData("storePathRootDir", "/data/${HOSTNAME}")]
    public void Load_PathWithAPlaceholder_IsRefusedWithTheKey(string key, string value)
    {
        PropertyLoadResult result = Load($"{key}={value}");

        result.Errors.Should().ContainSingle().Which.Should().Match<PropertyProblem>(
            problem => problem.Key == key && problem.Message.Contains("no other value is put in the place of ${", StringComparison.Ordinal), "a folder of that very name would be made");
        Load($"{key}=/data/$x/{{y}}").Errors.Should().BeEmpty();
    }

    /// <summary>Files that published guides show: RocketMQ passes over these keys in silence.</summary>
    [Fact]
    public void Load_FileOfAGuide_HasOneWarningForEachKeyThatRocketMQDoesNotRead()
    {
        PropertyLoadResult result = Load(
            "brokerClusterName=DefaultCluster", "brokerName=broker-a", "brokerId=0", "namesrvAddr=rocketmq-nameserver1:9876;rocketmq-nameserver2:9876",
            "brokerIP1=192.168.1.10", "defaultTopicQueueNums=4", "autoCreateTopicEnable=true", "autoCreateSubscriptionGroup=true", "listenPort=10911",
            "deleteWhen=04", "fileReservedTime=120", "mapedFileSizeCommitLog=1073741824", "mapedFileSizeConsumeQueue=300000", "destroyMapedFileInterval=120000",
            "redeleteHangedFileInterval=120000", "diskMaxUsedSpaceRatio=88", "storePathRootDir=/data/store", "storePathCommitLog=/data/store/commitlog",
            "storePathConsumeQueue=/data/store/consumequeue", "storePathIndex=/data/store/index", "storeCheckpoint=/data/store/checkpoint", "abortFile=/data/store/abort",
            "maxMessageSize=20971520", "flushCommitLogLeastPages=4", "flushConsumeQueueLeastPages=2", "flushCommitLogThoroughInterval=10000",
            "flushConsumeQueueThoroughInterval=60000", "brokerRole=ASYNC_MASTER", "flushDiskType=ASYNC_FLUSH", "checkTransactionMessageEnable=true",
            "sendMessageThreadPoolNums=128", "pullMessageThreadPoolNums=128", "pullThreadPoolNums=128", "defaltTopicQueueNums=4", "storePathConsumerQueue=/data/cq",
            "stroePathCommitLog=/data/log", "listentPort=10911", "brokerTimerWheelEnable=true", "defaultReadQueueNums=8", "defaultWriteQueueNums=8",
            "namesrvDomain=jmenv.tbsite.net", "enableTopicStats=true", "warmMappedFileEnable=true");

        result.Errors.Should().BeEmpty();
        result.Warnings.Select(static warning => warning.Key).Should().BeEquivalentTo(
            "mapedFileSizeCommitLog", "mapedFileSizeConsumeQueue", "destroyMapedFileInterval", "storePathConsumeQueue", "storePathIndex", "storeCheckpoint", "abortFile",
            "maxMessageSize", "checkTransactionMessageEnable", "pullThreadPoolNums", "defaltTopicQueueNums", "storePathConsumerQueue", "stroePathCommitLog", "listentPort",
            "brokerTimerWheelEnable", "defaultReadQueueNums", "defaultWriteQueueNums", "namesrvDomain", "enableTopicStats", "warmMappedFileEnable");
        result.Warnings.Single(static warning => warning.Key == "mapedFileSizeConsumeQueue").Message.Should().Contain("in bytes and not in messages");
        result.Values.Get(SendOptions.Keys.MaxMessageSize).Should().Be(SendOptions.LargestMaxMessageSize);
    }

    [Theory]
    [InlineData("namesrvAddr", "127.0.0.1:9876 # ns")]
    [InlineData("namesrvAddr", "127.0.0.1")]
    [InlineData("namesrvAddr", "http://127.0.0.1:9876")]
    [InlineData("brokerIP1", "10.0.0.5:10911")]
    [InlineData("brokerIP2", "10.0.0.5 # host")]
    [InlineData("haMasterAddress", "nonsense # x")]
    [InlineData("haMasterAddress", "10.0.0.5")]
    [InlineData("masterIP1", "<ip>")]
    [InlineData("bindAddress", "eth0")]
    public void Load_AddressThatCannotBe_IsRefusedWithWhatIsAllowed(string key, string value)
    {
        PropertyProblem problem = Load($"{key}={value}").Errors.Should().ContainSingle().Subject;

        problem.Key.Should().Be(key);
        problem.Message.Should().Contain("; allowed: ");
    }

    [Fact]
    public void From_IPv6AddressInAnyForm_IsToldWithoutBracketsAndZone()
    {
        BrokerOptions options = BrokerOptions.From(Load("brokerIP1=[fd00::7]", "brokerIP2=fe80::1%lo").Values);

        options.BrokerIP1.Should().Be("fd00::7");
        options.BrokerIP2.Should().Be("fe80::1");
    }

    private static PropertyEntry Entry(string key, string value) => new(key, value, new PropertyOrigin("test", 1));

    private static PropertyLoadResult Load(params string[] lines)
    {
        List<PropertyProblem> problems = [];
        IReadOnlyList<PropertyEntry> entries = JavaPropertiesParser.Parse(string.Join('\n', lines), "broker.conf", problems);
        return PropertyLoader.Apply(PropertyValues.Defaults(BrokerCatalog.All), entries, problems);
    }
}
