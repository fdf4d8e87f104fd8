using RocketOps.Interop.Tests.Fixtures;
using Xunit.Abstractions;

namespace RocketOps.Interop.Tests.RocketOps;

[Collection(RocketOpsCollection.Name)]
public sealed class MembersStartTogetherTestsOnRocketOps(RocketOpsFixture fixture, ITestOutputHelper output) : MembersStartTogetherTests(fixture, output);
