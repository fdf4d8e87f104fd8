using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Apache5;

public sealed class ApacheSessionTestsOnApache5() : ApacheSessionTests(ApacheServer.Version5, oursIsKilled: false, apachesIsKilled: true);
