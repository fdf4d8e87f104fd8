using RocketOps.Embedded.Api.Http;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Api.Http;

public sealed class ServerIdentityTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    private readonly TempDirectory _directory = new("identity-");

    [Fact]
    public void Load_KeptOne_IsTheSame()
    {
        using ServerIdentity made = ServerIdentity.LoadOrCreate(_directory.Path, Now);

        using ServerIdentity kept = ServerIdentity.LoadOrCreate(_directory.Path, Now.AddYears(1));

        (kept.CaPem, kept.Token, kept.Server.Thumbprint).Should().Be((made.CaPem, made.Token, made.Server.Thumbprint));
        Directory.GetFiles(_directory.Path).Should().HaveCount(3, "nothing is left beside them");
        if (!OperatingSystem.IsWindows())
        {
            Directory.GetFiles(_directory.Path).Select(File.GetUnixFileMode).Should().AllBeEquivalentTo(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    /// <summary>An empty token would let in whoever gives none.</summary>
    [Theory]
    [InlineData("ca.crt", "")]
    [InlineData("server.pem", "")]
    [InlineData("server.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    [InlineData("token", "")]
    [InlineData("token", "\n")]
    public void Load_DamagedFile_MakesAllAnew(string file, string content)
    {
        using ServerIdentity former = ServerIdentity.LoadOrCreate(_directory.Path, Now);
        File.WriteAllText(_directory.File(file), content);

        using ServerIdentity made = ServerIdentity.LoadOrCreate(_directory.Path, Now);

        made.Token.Should().NotBeEmpty().And.NotBe(former.Token);
        made.CaPem.Should().StartWith("-----BEGIN CERTIFICATE-----").And.NotBe(former.CaPem);
        using ServerIdentity kept = ServerIdentity.LoadOrCreate(_directory.Path, Now);
        kept.Server.Thumbprint.Should().Be(made.Server.Thumbprint);
    }

    [Fact]
    public void Load_CutOffWhileItIsMadeAnew_IsMadeAnewOnceMore()
    {
        using ServerIdentity former = ServerIdentity.LoadOrCreate(_directory.Path, Now);
        File.WriteAllText(_directory.File("ca.crt"), string.Empty);
        Directory.CreateDirectory(_directory.File("server.pem.tmp"));
        FluentActions.Invoking(() => ServerIdentity.LoadOrCreate(_directory.Path, Now)).Should().Throw<UnauthorizedAccessException>();
        Directory.Delete(_directory.File("server.pem.tmp"));

        using ServerIdentity made = ServerIdentity.LoadOrCreate(_directory.Path, Now);

        made.Server.Thumbprint.Should().NotBe(former.Server.Thumbprint, "the authority that is kept now has not signed it");
    }

    public void Dispose() => _directory.Dispose();
}
